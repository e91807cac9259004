// An office's evidence: taken as PDF and CSV, one after the other, and verified without the database.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();

scenario('a superuser takes both files, and the command line says whether one was changed', async (fixture) => {
  const { app, browserUser } = fixture;
  const office = await app.office({ boss: 'superuser', una: 'user' });
  const boss = await browserUser();
  await boss.logIn(office, 'boss');
  await boss.go('/settings/office/evidence');
  const take = async (name) => {
    const [download] = await Promise.all([boss.page.waitForEvent('download'), boss.button(name).click()]);
    return download.path();
  };
  const pdf = await readFile(await take(/PDF/));
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  await boss.page.waitForTimeout(1000); // two clicks on one file are one
  const csv = await take(/CSV/);
  const text = await readFile(csv, 'utf8');
  assert.match(text, /una/, 'who was made is in it');
  await app.command(['audit', 'verify', csv]);

  const changed = `${csv}-changed`;
  await writeFile(changed, text.replaceAll('una', 'eva'));
  await assert.rejects(app.command(['audit', 'verify', changed]), 'a change is found');
});
