// The mobile number field: a flag that follows typing, a list for the keyboard, refusals in plain words.
import assert from 'node:assert/strict';
import { eventually, sleep } from './lib/eventually.mjs';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();

/** A user at the field, at the log-in. They stay for all scenarios: only the last sends the form off. */
let una, number;
const country = () => una.page.locator('[data-country]:not([role=option])').first().getAttribute('data-country');
const listButton = () => una.page.getByRole('button', { name: /^Country/ });
const search = () => una.page.getByRole('combobox');
const options = () => una.page.getByRole('option');
const names = async () => (await options().allInnerTexts()).map((text) => text.trim().split('\n')[0].trim());
const flagIs = (expected, typed) =>
  eventually(async () => assert.equal(await country(), expected, `the flag for ${typed}`), { within: 3000 });
/** Long enough for an answer that would change the flag. */
const settle = () => sleep(450);
const fresh = async (language = '') => {
  await una.go('/login/number' + language);
  await flagIs('NL', 'nothing');
};
const type = async (text) => {
  await number.focus();
  await una.page.keyboard.type(text, { delay: 15 });
};
/** By hand, from the list. */
const choose = async (name) => {
  await listButton().click();
  await search().fill(name);
  await options().filter({ hasText: name }).first().click();
};
const submit = async () => {
  await una.button('Continue').click();
  await una.page.waitForLoadState();
};

scenario('an office with the setting on, and a user at the field', async ({ app, browserUser }) => {
  const office = await app.office({ boss: 'superuser', una: 'user' });
  const boss = await browserUser();
  await boss.logIn(office, 'boss');
  await boss.activate();
  una = await browserUser({ stays: true });
  await una.enterPassword(office, 'una');
  await una.chooseMethod('Text message (SMS)');
  await una.at('/login/number');
  number = una.field('Mobile number');
  una.expectRefusal('/login/number');
  assert.equal(await country(), 'NL', 'the most used country');
});

scenario('the flag follows the calling code, a character at a time', async () => {
  for (const steps of [
    [
      ['+', 'NL'],
      ['+3', 'NL'],
      ['+32', 'BE'],
      ['+324', 'BE'],
      ['+32470', 'BE'],
    ],
    [
      ['0', 'NL'],
      ['00', 'NL'],
      ['003', 'NL'],
      ['0032', 'BE'],
      ['00324', 'BE'],
    ],
    [
      ['+31', 'NL'],
      ['+316', 'NL'],
    ],
    [
      ['0031', 'NL'],
      ['00316', 'NL'],
    ],
    [
      ['06', 'NL'],
      ['0612345678', 'NL'],
    ],
    [
      ['+1', 'US'],
      ['+1416', 'CA'],
      ['+14165550123', 'CA'],
    ],
    [
      ['+1', 'US'],
      ['+1876', 'JM'],
    ],
    [
      ['+44', 'GB'],
      ['+447700900123', 'GB'],
    ],
    [['+447797712345', 'JE']],
    [['+447781123456', 'GG']],
    [['+447924123456', 'IM']],
    [
      ['+7', 'RU'],
      ['+7701', 'KZ'],
    ],
    [
      ['+39', 'IT'],
      ['+3906698', 'VA'],
    ],
    [
      ['+49', 'DE'],
      ['+49151', 'DE'],
    ],
    [
      ['+352', 'LU'],
      ['+35', 'LU'],
      ['+353', 'IE'],
    ],
    [['+212', 'MA']],
  ]) {
    await fresh();
    let typed = '';
    for (const [text, expected] of steps) {
      if (text.startsWith(typed)) await type(text.slice(typed.length));
      else await number.fill(text);
      typed = text;
      if (expected === 'NL') await settle();
      await flagIs(expected, text);
    }
    assert.equal(await number.inputValue(), typed, 'what was typed is never touched');
  }
  // The name beside the flag says the same, in words.
  await una.reads('Morocco +212');
});

scenario('the question for the flag goes by POST: a number never stands in an address', async () => {
  await fresh();
  await type('+32470');
  await flagIs('BE', '+32470');
  const asked = una.requests.filter(({ path }) => path === '/country');
  assert.ok(asked.length > 0);
  for (const { method, url } of asked) {
    assert.equal(method, 'POST');
    assert.doesNotMatch(new URL(url).search, /\d/);
  }
});

scenario('a globe shows for what is no country, and while none is decided', async () => {
  for (const text of ['+800', '+881', '+2', '+21', '+0']) {
    await fresh();
    await type(text);
    await flagIs('', text);
  }
  await number.fill('+212');
  await flagIs('MA', '+212');
});

scenario('the caret stays in its place while the flag changes', async () => {
  await fresh();
  await type('+3470123456');
  await flagIs('ES', '+34…');
  for (let i = 0; i < 8; i++) await una.page.keyboard.press('ArrowLeft');
  await una.page.keyboard.press('Backspace');
  await una.page.keyboard.type('2');
  await flagIs('BE', '+32…');
  await settle();
  assert.deepEqual(
    await number.evaluate(({ value, selectionStart, selectionEnd }) => ({ value, selectionStart, selectionEnd })),
    { value: '+3270123456', selectionStart: 3, selectionEnd: 3 },
  );
  assert.ok(await number.evaluate((element) => element === document.activeElement));
});

scenario('a country chosen by hand stays as long as the digits allow, and then the digits win', async () => {
  for (const [chosen, iso, steps] of [
    [
      'Canada',
      'CA',
      [
        ['+1', 'CA'],
        ['+14165550123', 'CA'],
      ],
    ],
    [
      'Canada',
      'CA',
      [
        ['+1', 'CA'],
        ['+12125550123', 'US'],
      ],
    ],
    [
      'Jamaica',
      'JM',
      [
        ['+1', 'JM'],
        ['+18', 'JM'],
      ],
    ],
    [
      'Jamaica',
      'JM',
      [
        ['+1', 'JM'],
        ['+1416', 'CA'],
      ],
    ],
    [
      'Kazakhstan',
      'KZ',
      [
        ['+7', 'KZ'],
        ['+79', 'RU'],
      ],
    ],
    [
      'Guernsey',
      'GG',
      [
        ['+44', 'GG'],
        ['+4420', 'GB'],
      ],
    ],
    [
      'Vatican',
      'VA',
      [
        ['+39', 'VA'],
        ['+39333', 'VA'],
      ],
    ],
    ['Belgium', 'BE', [['0470123456', 'BE']]],
  ]) {
    await fresh();
    await choose(chosen);
    await flagIs(iso, `${chosen} by hand`);
    let typed = '';
    for (const [text, expected] of steps) {
      await type(text.slice(typed.length));
      typed = text;
      await settle();
      await flagIs(expected, `${text} after choosing ${chosen}`);
    }
  }
});

scenario('the list holds the six most used, a line, and the rest by the alphabet', async () => {
  await fresh();
  await listButton().click();
  const shown = await names();
  assert.deepEqual(shown.slice(0, 6), ['Netherlands', 'Belgium', 'Germany', 'France', 'United Kingdom', 'Luxembourg']);
  const rest = shown.slice(6);
  assert.ok(rest.length > 200, `${rest.length} more countries`);
  assert.deepEqual(rest, [...rest].sort(new Intl.Collator('en').compare));
  assert.equal(new Set(shown).size, shown.length, 'each country once');
  const groups = una.page.getByRole('listbox').getByRole('group');
  assert.equal(await groups.count(), 2);
  const line = await groups
    .nth(1)
    .evaluate(
      (group) =>
        parseFloat(getComputedStyle(group).borderTopWidth) +
        parseFloat(getComputedStyle(group.previousElementSibling).borderBottomWidth),
    );
  assert.ok(line >= 1, 'a line between them');
  for (const flag of await una.page.locator('[role=option] img').all()) {
    assert.equal(await flag.getAttribute('alt'), '');
    assert.match(await flag.getAttribute('src'), /\.svg$/);
  }
});

scenario('the list is searched by name, calling code and ISO code', async () => {
  await fresh();
  await listButton().click();
  for (const [words, first] of [
    ['belg', 'Belgium'],
    ['neth', 'Netherlands'],
    ['+49', 'Germany'],
    ['352', 'Luxembourg'],
    ['kingdom', 'United Kingdom'],
    ['cote', 'Côte d’Ivoire'],
    ['GB', 'United Kingdom'],
    ['America', 'United States'],
    ['Holland', 'Netherlands'],
    ['england', 'United Kingdom'],
  ]) {
    await search().fill(words);
    const found = (await options().filter({ visible: true }).allInnerTexts()).map((text) => text.trim());
    assert.ok(
      found.some((text) => text.startsWith(first)),
      `${words} finds ${first}: ${found.slice(0, 5)}`,
    );
    assert.ok(found.length < 60, `${words} narrows the list`);
  }
  await search().fill('zzzz');
  await una.reads('No country found');
  await search().fill('holland');
  await una.reads('1 country found');
  await search().fill('united');
  await una.reads(/^\d+ countries found$/);
  await search().fill('');
  assert.ok((await options().filter({ visible: true }).count()) > 200);
});

scenario('the list works by keyboard alone', async () => {
  await fresh();
  const keys = una.page.keyboard;
  const active = () =>
    una.page.evaluate(
      () =>
        document
          .getElementById(document.activeElement.getAttribute('aria-activedescendant') ?? '')
          ?.innerText.trim()
          .split('\n')[0],
    );
  await listButton().focus();
  await keys.press('Enter');
  await search().waitFor();
  assert.equal(await active(), 'Netherlands', 'the chosen country first');
  await keys.press('ArrowDown');
  assert.equal(await active(), 'Belgium');
  await keys.press('ArrowUp');
  await keys.press('ArrowUp');
  const last = await active();
  await keys.press('Home');
  assert.equal(await active(), 'Netherlands');
  await keys.press('End');
  assert.equal(await active(), last, 'the last of the alphabet');
  const inSight = await una.page.evaluate(() => {
    const [option, list] = [
      document.getElementById(document.activeElement.getAttribute('aria-activedescendant')),
      document.querySelector('[role=listbox]'),
    ];
    const [o, l] = [option.getBoundingClientRect(), list.getBoundingClientRect()];
    return o.top >= l.top - 1 && o.bottom <= l.bottom + 1;
  });
  assert.ok(inSight, 'the list scrolls along');

  await keys.press('Escape');
  await search().waitFor({ state: 'hidden' });
  assert.ok(
    await listButton().evaluate((element) => element === document.activeElement),
    'Escape returns to the button',
  );
  assert.equal(await country(), 'NL');

  await keys.press('ArrowDown');
  await search().waitFor();
  await keys.type('germ');
  assert.equal(await active(), 'Germany');
  await keys.press('Enter');
  await flagIs('DE', 'Germany by keyboard');
  await search().waitFor({ state: 'hidden' });
  assert.ok(await number.evaluate((element) => element === document.activeElement), 'and the number can be typed');
  assert.equal(una.path, '/login/number', 'Enter did not send the form');
  assert.equal(await listButton().getAttribute('aria-expanded'), 'false');
});

scenario('screen readers hear the country by its name', async () => {
  await fresh();
  const heard = await listButton().evaluate((button) =>
    button
      .getAttribute('aria-labelledby')
      .split(' ')
      .map((id) => document.getElementById(id).textContent.trim())
      .join(' '),
  );
  assert.match(heard, /Netherlands \+31/);
  assert.equal(await una.page.getByLabel('Mobile number').count(), 1, 'no other control’s name contains Mobile number');
});

for (const [what, typed, says] of [
  ['letters', 'hello', /not a phone number/i],
  ['a fixed line', '+31201234567', /mobile/i],
  ['a premium number', '+319001234567', /premium/i],
  ['a premium number abroad', '+449098790000', /premium/i],
  ['a shared-cost number', '+491801123456', /shared-cost/i],
  ['a personal number', '+447012345678', /personal/i],
  ['a toll-free number', '+318001234567', /toll-free/i],
  ['a satellite phone', '+881612345678', /satellite/i],
  ['too few digits', '+3161234', /too short/i],
  ['too many digits', '+316123456789012', /too long/i],
  ['an extension', '+31612345678 ext 5', /extension/i],
  ['a code that no country has', '+2100612345678', /./],
]) {
  scenario(`${what}: refused in a plain sentence, and what was typed is still there`, async () => {
    await fresh();
    await number.fill(typed);
    await submit();
    await una.at('/login/number');
    const [head, error] = (await una.alert.innerText()).trim().split('\n');
    assert.equal(head, 'There is a problem');
    assert.match(error, says);
    assert.match(error, /^[A-Z].*\.$/, 'a sentence');
    assert.doesNotMatch(error, /sure/i);
    assert.equal(await number.inputValue(), typed);
    assert.equal(await number.getAttribute('aria-invalid'), 'true');
    const described = await number.evaluate((element) =>
      element
        .getAttribute('aria-describedby')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join(' '),
    );
    assert.ok(described.includes(error), 'the sentence belongs to the field');
  });
}

scenario('the country chosen by hand is still there after a refusal', async () => {
  await fresh();
  await choose('Austria');
  await number.fill('123');
  await submit();
  await una.alert.waitFor();
  assert.equal(await country(), 'AT');
  assert.equal(await number.inputValue(), '123');
});

scenario('a possible number that no table knows is asked about exactly once', async ({ app }) => {
  await fresh();
  await choose('Belgium');
  // A Dutch number with the Belgian flag: possible, not known as valid.
  await number.fill('0612345678');
  await submit();
  await una.at('/login/number');
  assert.match(await una.alert.innerText(), /are you sure/i);
  assert.equal(await number.inputValue(), '0612345678');
  assert.equal(await country(), 'BE');
  // Another number is another question.
  await number.fill('0612345679');
  await submit();
  await una.at('/login/number');
  assert.match(await una.alert.innerText(), /are you sure/i);
  await submit();
  await una.at('/login/code');
  await una.reads(/\+32.*79/);
  await app.latestCode('+32612345679');
});

scenario('a number without a code is one of the country chosen in the list', async () => {
  await fresh();
  await choose('Belgium');
  await number.fill('0470 12 34 56');
  await submit();
  await una.at('/login/code');
  await una.enterCodeFrom('+32470123456');
  await una.keepRecoveryCodes();
  assert.ok((await una.text()).replace(/\s/g, '').includes('+32470123456'));
});

scenario('most used is counted from confirmed numbers, the office’s own first', async ({ app, browserUser }) => {
  const office = await app.office({ chief: 'superuser', a: 'user', b: 'user', c: 'user' });
  const chief = await browserUser();
  await chief.logIn(office, 'chief');
  const numbers = [1, 2, 3].map((i) => `+35262112345${i}`);
  for (const [i, name] of ['A Tester', 'B Tester', 'C Tester'].entries()) {
    await chief.go('/settings/users');
    await chief.link(name).click();
    await chief.at(/^\/settings\/users\/\d+$/);
    await chief.field('Mobile number').fill(numbers[i]);
    await chief.button('Save').click();
    await chief.reads('not confirmed');
  }
  const first = async () => {
    await chief.go('/settings/me/number');
    await chief.at('/settings/me/number'); // the password was proven a moment ago
    await chief.page.getByRole('button', { name: /^Country/ }).click();
    const six = (await chief.page.getByRole('option').allInnerTexts()).slice(0, 6);
    return six.map((text) => text.trim().split('\n')[0].trim());
  };
  const usual = ['Belgium', 'Netherlands', 'Germany', 'France', 'United Kingdom', 'Luxembourg'];
  assert.deepEqual(await first(), usual, 'one Belgian, one Dutch, filled up: nobody has proven one of Luxembourg');

  const a = await browserUser();
  await a.logIn(office, 'a');
  await a.go('/settings/me/number');
  await a.enterNumber(numbers[0]);
  await a.at('/settings/confirm/code');
  await a.enterCodeFrom(numbers[0]);
  await a.keepRecoveryCodes();
  assert.deepEqual(await first(), ['Luxembourg', ...usual.slice(0, 5)]);
});
