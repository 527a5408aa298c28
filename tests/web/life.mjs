// The whole life of a user of the site, by the keyboard alone: from the sign-in to the last key.
import { faint, main, overflow, shown, unnamed, visit } from "./browser.mjs";
import { keyboard } from "./keyboard.mjs";

// A browser that says it is automated is no visitor, and is not counted.
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

await main(async ({ site, name, username, picture, open, shoot }) => {
  const page = await open();
  const { hidden, reach, press, type, choose, files } = keyboard(page);
  const looks = [];
  const button = (label) => page.getByRole("button", { name: label });
  const link = (label) => page.getByRole("link", { name: label, exact: true });
  const heading = (label) => page.getByRole("heading", { name: label, exact: true }).waitFor();
  const labelled = (label) => page.getByLabel(label, { exact: true });
  const said = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();
  const lookAt = async (page, label) => {
    const { width } = page.viewportSize();
    const [faintTexts, nameless] = await page.evaluate(`[(${faint})("body"), (${unnamed})()]`);
    looks.push({ label, width, overflow: await overflow(page), faint: faintTexts, unnamed: nameless });
    await shoot(page, `${label}-${width}`);
  };
  // Every page as it is on a laptop in the light, and on a phone in the dark.
  const look = async (label) => {
    for (const [width, colorScheme] of [[390, "dark"], [1200, "light"]]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await lookAt(page, label);
    }
  };

  await visit(page, site);
  await look("home");
  await press(link("Sign in"));
  await press(button("Continue with Google"));
  await press(page.getByRole("link", { name }));
  await heading("Your projects");
  const focused = await page.evaluate(() => document.activeElement.textContent); // which a screen reader reads now

  await press(link("Settings"));
  await type(labelled("Username"), username);
  await files(labelled("Picture"), picture);
  await page.getByText("This name is free.").waitFor();
  await type(labelled("Name"), name);
  await type(labelled("Headline"), "Clocks and tides");
  await type(labelled("About you"), `ساعة تعرف البحر.\n\n${"Gezeitenuhrmachermeister".repeat(5)}`);
  await type(labelled("Links"), "https://tides.example.com/");
  await press(button("Save"));
  await said("Saved.");
  await look("account");

  await press(link("Projects"));
  await heading("Your projects");
  await look("dashboard");
  await press(link("New project"));
  await type(labelled("Title"), "Tide clock");
  await type(labelled("Summary"), "A clock that knows the sea.");
  await press(button("Create draft"));
  await heading("Tide clock");
  const skip = async () => {
    await page.evaluate(() => document.activeElement.blur()); // as at the beginning of a page
    await press(page.getByRole("link", { name: "Skip to content" }));
  };
  await skip();
  await press(link("Settings"));
  await heading("Account");
  await page.goBack();
  await type(labelled("Description"), "It follows the moon.\n\nIt is made of oak.");
  await type(labelled("GitHub repository"), "github.com/tide/clock/tree/main");
  await skip();
  const kept = await labelled("Description").inputValue();

  // Each way out of the page asks first; where the answer is no all is as it was, the history too.
  const warned = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
  const editing = page.url();
  const ways = [
    () => press(link("Projects")),
    () => press(button("Sign out")),
    () => page.evaluate(() => history.go(-2)), // one step back is the same page, before "Skip to content"
    () => page.evaluate(() => history.forward()),
  ];
  const dialog = page.getByRole("dialog", { name: /^Leave this page/ });
  const stayed = [];
  for (const leave of ways) {
    await leave();
    await dialog.waitFor();
    const within = [];
    for (let count = 0; count < 4; count++) {
      within.push(await page.evaluate(() => document.activeElement.textContent));
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement === document.body)) await page.keyboard.press("Tab"); // the browser's own
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.waitForURL(editing);
    stayed.push([within, await page.evaluate(() => document.activeElement.textContent.slice(0, 8)), await labelled("Description").inputValue()]);
  }
  const unsaved = { warned: await warned(), stayed };

  await type(labelled("X post"), "https://x.com/tide");
  await press(button("Save"));
  const refused = await page.locator("form .notice.error").first().innerText();
  const invalid = await page.evaluate(() => [document.activeElement.name, document.activeElement.ariaInvalid]);
  const beside = await page.locator(".field", { has: page.locator("[aria-invalid]") }).getByRole("alert").count();
  await type(labelled("X post"), "");
  await press(button("Make a preview link"));
  const address = await page.getByRole("link", { name: /preview/ }).getAttribute("href");
  const visitor = await open({ width: 390, colorScheme: "dark", userAgent });
  await visit(visitor, address);
  const previewed = await visitor.getByRole("heading").first().innerText();
  await press(button("Revoke"));
  await page.getByRole("link", { name: /preview/ }).waitFor({ state: "detached" });
  await visitor.reload();
  await visitor.getByRole("heading", { name: "There is no such page" }).waitFor();
  await choose(labelled("Who sees it"), "E"); // Everybody
  await press(button("Save"));
  await said("Saved.");
  const repository = await labelled("GitHub repository").inputValue();
  unsaved.afterwards = await warned();

  await files(labelled("Add pictures"), [picture, picture]);
  await type(labelled("Describe the picture, image 2"), "The clock at high tide");
  await press(button("Move image 2 up"));
  await page.locator(".media li").first().getByRole("textbox").and(page.locator("[value='The clock at high tide']")).waitFor();
  const moved = await page.evaluate(() => document.activeElement.closest(".media li")?.querySelector("input").value);
  await files(labelled("Add pictures"), { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") });
  const unfit = await page.getByText(/^notes.txt:/).innerText();
  await type(labelled("New tag"), "sea");
  await page.keyboard.press("Enter");
  await button("Remove sea").waitFor();
  await look("edit");

  const visiting = keyboard(visitor);
  await visit(visitor, site);
  await visiting.type(visitor.getByLabel("Search projects"), "tides clock");
  await visitor.keyboard.press("Enter");
  await visiting.press(visitor.getByRole("link", { name }));
  await visitor.getByText("Clocks and tides").waitFor();
  await lookAt(visitor, "profile");
  const rightToLeft = [];
  for (const paragraph of await visitor.locator(".bio").all()) rightToLeft.push(await paragraph.evaluate(startsAtTheRight));
  await visiting.press(visitor.getByRole("link", { name: "Tide clock" }));
  await visitor.getByRole("heading", { name: "Tide clock" }).waitFor();
  const image = visitor.locator(".gallery img").first();
  const alt = await image.getAttribute("alt");
  const loaded = await image.evaluate((image) => image.decode().then(() => image.naturalWidth));
  const published = visitor.url();
  await visiting.press(visitor.getByText("Write to the owner"));
  await visiting.type(visitor.getByLabel("Your name"), "Mina");
  await visiting.type(visitor.getByLabel("Your e-mail address"), "mina@example.com");
  await visiting.type(visitor.getByLabel("Message"), "Where can I buy one?");
  await visiting.press(visitor.getByRole("button", { name: "Send" }));
  await visitor.getByRole("status").filter({ hasText: "Sent." }).waitFor();
  await visiting.press(visitor.getByText("Report this page"));
  await visiting.press(visitor.getByRole("button", { name: "Report" }));
  await visitor.getByRole("status").filter({ hasText: "Thank you." }).waitFor();

  await press(link("Design"));
  await type(labelled("What you want"), "Calm, with large pictures.");
  await press(button("Design the page"));
  await said("Here it is.");
  await press(button("Move gallery down").first());
  const order = (await page.locator(".block-list li > span:first-child").allInnerTexts()).map((type) => type.toLowerCase().replaceAll(" ", "-"));
  await press(button("Publish this page"));
  await said("Published.");
  await look("assistant");
  await visit(visitor, published);
  const blocks = await visitor.locator(".blocks > .block").evaluateAll((found) => found.map(({ className }) => /block-(\S+)/.exec(className)[1]));
  await lookAt(visitor, "project");

  await press(link("Numbers"));
  await heading("GitHub");
  const [views, stars] = await page.locator(".figure").allInnerTexts();
  await look("numbers");

  await visit(page, `${site}/pricing`);
  await look("pricing");
  await press(button(/^Choose/).first());
  await press(page.getByRole("button", { name: "Pay", exact: true }));
  await page.getByRole("heading", { name: "active" }).waitFor();
  await look("subscription");
  await press(button("Card, invoices, cancel"));
  await press(page.getByRole("button", { name: "Cancel at period end" }));
  await press(page.getByRole("link", { name: "Return" }));
  await heading("Plan");

  await press(link("E-mails"));
  await press(page.getByLabel(/Every Monday/), "Space");
  await press(button("Save"));
  await said("Saved.");
  await page.reload();
  const weekly = await page.getByLabel(/Every Monday/).isChecked();
  await look("notifications");

  await press(link("QR codes"));
  await press(button("Make it"));
  const code = page.getByRole("img", { name: /^QR code/ });
  const leads = await code.getAttribute("alt");
  await code.evaluate((image) => image.decode());
  await look("qr");

  await press(link("Account"));
  await press(button("Export my data"));
  const part = page.getByRole("link", { name: /^Part 1/ });
  const [download] = await Promise.all([page.waitForEvent("download"), press(part)]);
  const archive = download.suggestedFilename();

  await type(labelled("Type your username to confirm"), username);
  await press(button("Delete my account"));
  await link("Sign in").waitFor();
  await shown(page);
  await visit(visitor, `${site}/${username}`);
  const afterwards = await visitor.getByRole("heading").first().innerText();
  return {
    ...{ hidden: [...hidden, ...visiting.hidden], looks, focused, kept, unsaved, refused, invalid, beside, repository, moved, unfit, rightToLeft },
    ...{ previewed, published, views, alt, loaded, order, blocks, stars, weekly, leads, archive, afterwards },
  };
});

/** Runs in the page. */
function startsAtTheRight(paragraph) {
  const text = document.createRange();
  text.selectNodeContents(paragraph);
  return text.getBoundingClientRect().left > paragraph.getBoundingClientRect().left + 1;
}
