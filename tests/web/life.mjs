// The whole life of a user of the site: from the sign-in to the last click.
import { faint, main, overflow, shown, visit } from "./browser.mjs";

// A browser that says it is automated is no visitor, and is not counted.
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

await main(async ({ site, hint, name, username, picture, open, shoot }) => {
  const page = await open();
  const looks = [];
  const button = (label) => page.getByRole("button", { name: label });
  const saved = () => page.getByRole("status").filter({ hasText: "Saved." }).waitFor();
  // Every page as it is on a laptop in the light, and on a phone in the dark.
  const look = async (label) => {
    for (const [width, colorScheme] of [[390, "dark"], [1200, "light"]]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      looks.push({ label, width, overflow: await overflow(page), faint: await page.evaluate(faint, "body") });
      await shoot(page, `${label}-${width}`);
    }
  };

  await visit(page, site);
  await look("home");
  const focused = [];
  for (let count = 0; count < 7; count++) {
    await page.keyboard.press("Tab");
    focused.push(await page.evaluate(() => document.activeElement.innerText || document.activeElement.name));
  }
  await page.getByRole("link", { name: "Sign in" }).click();
  await button("Continue with Google").click();
  await page.getByText(name).click();
  await page.getByRole("heading", { name: "Your projects" }).waitFor();

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Username", { exact: true }).fill(username);
  await page.getByLabel("Username", { exact: true }).blur();
  await page.getByText("This name is free.").waitFor();
  await page.getByLabel("Picture").setInputFiles(picture);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Headline").fill("Clocks and tides");
  await page.getByLabel("Links").fill("https://tides.example.com/");
  await button("Save").click();
  await saved();
  await look("account");

  await page.getByRole("link", { name: "Projects", exact: true }).click();
  await page.getByRole("link", { name: "New project" }).click();
  await page.getByLabel("Title").fill("Tide clock");
  await page.getByLabel("Summary").fill("A clock that knows the sea.");
  await button("Create draft").click();
  await page.getByRole("heading", { name: "Tide clock" }).waitFor();
  const skip = () => page.evaluate(() => document.querySelector("a.skip").click());
  await skip();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { name: "Account" }).waitFor();
  await page.goBack();
  await page.getByLabel("Description").fill("It follows the moon.\n\nIt is made of oak.");
  await page.getByLabel("GitHub repository").fill("github.com/tide/clock/tree/main");
  // Followed by the keyboard, it keeps what was typed.
  await skip();
  const kept = await page.getByLabel("Description").inputValue();
  // Each way out of the page asks first; where the answer is no all is as it was, the history too.
  const warned = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
  const editing = page.url();
  const ways = [
    () => page.getByRole("link", { name: "Projects", exact: true }).click(),
    () => button("Sign out").click(),
    () => page.evaluate(() => history.go(-2)), // one step back is the same page, before "Skip to content"
    () => page.evaluate(() => history.forward()),
  ];
  const stayed = [];
  for (const leave of ways) {
    await leave();
    await page.getByRole("dialog", { name: /^Leave this page/ }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL(editing);
    stayed.push(await page.getByLabel("Description").inputValue());
  }
  const unsaved = { warned: await warned(), stayed };
  await page.getByLabel("X post").fill("https://x.com/tide");
  await button("Save").click();
  const refused = await page.locator("form .notice.error").first().innerText();
  const invalid = await page.locator("[aria-invalid]").getAttribute("name");
  const beside = await page.locator(".field", { has: page.locator("[aria-invalid]") }).getByRole("alert").count();
  await page.getByLabel("X post").fill("");
  await button("Make a preview link").click();
  const link = await page.getByRole("link", { name: /preview/ }).getAttribute("href");
  const visitor = await open({ width: 390, colorScheme: "dark", userAgent });
  await visit(visitor, link);
  const previewed = await visitor.getByRole("heading").first().innerText();
  await button("Revoke").click();
  await page.getByRole("link", { name: /preview/ }).waitFor({ state: "detached" });
  await visitor.reload();
  await visitor.getByRole("heading", { name: "There is no such page" }).waitFor();
  await page.getByLabel("Who sees it").selectOption("published");
  await button("Save").click();
  await saved();
  const repository = await page.getByLabel("GitHub repository").inputValue();
  unsaved.afterwards = await warned();
  await page.getByLabel("Add pictures").setInputFiles([picture, picture]);
  await page.getByLabel("Describe the picture, image 2").fill("The clock at high tide");
  await page.getByLabel("Describe the picture, image 2").blur();
  await button("Move image 2 up").click();
  await page.locator(".media li").first().getByRole("textbox").and(page.locator("[value='The clock at high tide']")).waitFor();
  const movedFocus = await page.evaluate(() => document.activeElement.closest(".media li")?.querySelector("input").value);
  await page.getByLabel("Add pictures").setInputFiles([{ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") }]);
  const unfit = await page.getByText(/^notes.txt:/).innerText();
  await page.getByLabel("New tag").fill("sea");
  await page.getByLabel("New tag").press("Enter");
  await button("Remove sea").waitFor();
  await look("edit");

  await visit(visitor, site);
  await visitor.getByLabel("Search projects").fill("tides clock");
  await visitor.getByLabel("Search projects").press("Enter");
  await visitor.getByRole("link", { name }).click();
  await visitor.getByText("Clocks and tides").waitFor();
  await shoot(visitor, "profile-390");
  await visitor.getByRole("link", { name: "Tide clock" }).click();
  await visitor.getByRole("heading", { name: "Tide clock" }).waitFor();
  const alt = await visitor.locator(".gallery img").first().getAttribute("alt");
  const loaded = await visitor.locator(".gallery img").first().evaluate((image) => image.decode().then(() => image.naturalWidth));
  const address = visitor.url();
  await visitor.getByText("Write to the owner").click();
  await visitor.getByLabel("Your name").fill("Mina");
  await visitor.getByLabel("Your e-mail address").fill("mina@example.com");
  await visitor.getByLabel("Message").fill("Where can I buy one?");
  await visitor.getByRole("button", { name: "Send" }).click();
  await visitor.getByText("Sent.").waitFor();
  await visitor.getByText("Report this page").click();
  await visitor.getByRole("button", { name: "Report" }).click();
  await visitor.getByText("Thank you.").waitFor();

  await page.getByRole("link", { name: "Design" }).click();
  await page.getByLabel("What you want").fill("Calm, with large pictures.");
  await button("Design the page").click();
  await page.getByText("Here it is.").waitFor();
  const blocks = await page.locator(".block-list li").count();
  await button("Publish this page").click();
  await page.getByText("Published.").waitFor();
  await look("assistant");
  await visit(visitor, address);
  const published = await visitor.locator(".blocks > .block").count();
  looks.push({ label: "project", width: 390, overflow: await overflow(visitor), faint: await visitor.evaluate(faint, "body") });
  await shoot(visitor, "project-390");

  await page.getByRole("link", { name: "Numbers" }).click();
  await page.getByRole("heading", { name: "GitHub" }).waitFor();
  const [views, stars] = await page.locator(".figure").allInnerTexts();
  await look("numbers");

  await visit(page, `${site}/pricing`);
  await look("pricing");
  await button(/^Choose/).first().click();
  await page.getByRole("button", { name: "Pay", exact: true }).click();
  await page.getByRole("heading", { name: "active" }).waitFor();
  await look("subscription");
  await button("Card, invoices, cancel").click();
  await page.getByRole("button", { name: "Cancel at period end" }).click();
  await page.getByRole("link", { name: "Return" }).click();
  await page.getByRole("heading", { name: "Plan", exact: true }).waitFor();

  await page.getByRole("link", { name: "E-mails" }).click();
  await page.getByLabel(/Every Monday/).check();
  await button("Save").click();
  await saved();
  await page.reload();
  const weekly = await page.getByLabel(/Every Monday/).isChecked();
  await look("notifications");

  await page.getByRole("link", { name: "QR codes" }).click();
  await button("Make it").click();
  const code = page.getByRole("img", { name: /^QR code/ });
  const leads = await code.getAttribute("alt");
  await code.evaluate((image) => image.decode());
  await look("qr");

  await page.getByRole("link", { name: "Account", exact: true }).click();
  await button("Export my data").click();
  const part = page.getByRole("link", { name: /^Part 1/ });
  const [download] = await Promise.all([page.waitForEvent("download"), part.click()]);
  const archive = download.suggestedFilename();

  await page.getByLabel("Type your username to confirm").fill(username);
  await button("Delete my account").click();
  await page.getByRole("link", { name: "Sign in" }).waitFor();
  await shown(page);
  await visit(visitor, `${site}/${username}`);
  const afterwards = await visitor.getByRole("heading").first().innerText();
  return { kept, unsaved, beside, movedFocus, unfit, refused, invalid, repository, looks, focused, previewed, address, views, alt, loaded, blocks, published, stars, weekly, leads, archive, afterwards };
});
