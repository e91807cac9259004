// A fire drill: codes are tried before they are needed, by who cares to, and a superuser sees what came of it.
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();

/** Gives a user of an office a number, confirmed or not. */
const register = (app, office, username, number, confirmed) =>
  app.sql(`insert into mobile_numbers (user_id, number, country, confirmed_at)
    select u.id, '${number}', 'NL', ${confirmed ? 'now()' : 'null'} from users u join offices o on o.id = u.office_id
    where o.code = '${office.code}' and u.username = '${username}'`);

for (const [how, options] of [
  ['with JavaScript', {}],
  ['without JavaScript', { javaScriptEnabled: false }],
])
  scenario(
    `${how}: a superuser begins a fire drill; one enters a code, one confirms a number, one skips, nobody must`,
    async ({ app, browserUser }) => {
      const office = await app.office({ boss: 'superuser', una: 'user', otto: 'user', sam: 'user' });
      const [una, otto, sam] = [app.newNumber(), app.newNumber(), app.newNumber()];
      await register(app, office, 'una', una, true);
      await register(app, office, 'otto', otto, false);
      await register(app, office, 'sam', sam, true);
      const boss = await browserUser(options);
      await boss.logIn(office, 'boss');
      await boss.go('/settings/office/two-factor');
      await boss.link('To the fire drill').click();
      await boss.reads('3 people have a mobile number or an app');
      await boss.button('Begin a fire drill').click();
      await boss.reads('A fire drill is under way');
      await boss.reads('Not logged in since (3)');

      const first = await browserUser(options);
      await first.enterPassword(office, 'una');
      await first.at('/settings/drill');
      await first.go('/settings/me'); // who ignores it is where they want to be
      await first.at('/settings/me');
      await first.go('/');
      await first.at('/settings/drill');
      await first.button('Try it now').click();
      await first.at('/settings/confirm');
      await first.button('Send code').click();
      await first.at('/settings/confirm/code');
      await first.enterCodeFrom(una);
      await first.at('/settings/drill');
      await first.reads('It works');
      await first.link('Continue').click();
      await first.at('/settings/me');

      const second = await browserUser(options);
      await second.enterPassword(office, 'otto');
      await second.at('/settings/drill');
      await second.button('Send code').click();
      await second.at('/settings/confirm/code');
      await second.enterCodeFrom(otto);
      await second.keepRecoveryCodes();

      const third = await browserUser(options);
      await third.enterPassword(office, 'sam');
      await third.at('/settings/drill');
      await third.button('Skip').click();
      await third.at('/settings/me');
      await third.logOut();
      await third.logIn(office, 'sam');

      await boss.go('/settings/office/two-factor/drill');
      await boss.link(/^Entered within a minute/).click();
      await boss.reads('Una Tester');
      await boss.reads('Otto Tester');
      await boss.link(/^Skipped/).click();
      await boss.reads('Sam Tester');
      await boss.button('End it now').click();
      await boss.reads('The fire drill is ended.');
      await boss.reads('No fire drill is under way');
    },
  );
