/** What a user says of themselves, their username and their picture. */

import { forgetMe, type Me } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { contentTypeOf, upload } from "../api/uploads.ts";
import { h } from "../dom.ts";
import { avatar } from "../ui/avatar.ts";
import { field, form, input, required, text, textarea } from "../ui/form.ts";

const verdicts: Record<string, string> = {
  available: "This name is free.",
  taken: "Somebody else has this name.",
  reserved: "This name is the site's own.",
  held: "Somebody else had this name until lately.",
  invalid: "Lower-case letters, digits, - and _, at most 32; the first and last a letter or digit.",
};

export async function profilePanel(me: Me): Promise<HTMLElement> {
  const { data: profile } = await supabase
    .from("users").select("name, headline, bio, location, links").eq("id", me.id).single().throwOnError();
  const picture = h("p", null, avatar(me, 96));
  const chooser = input({ type: "file", name: "avatar", accept: "image/*" });

  async function save(data: FormData): Promise<string> {
    const row = {
      username: required(data, "username").toLowerCase(),
      name: text(data, "name"),
      headline: text(data, "headline"),
      bio: text(data, "bio"),
      location: text(data, "location"),
      links: required(data, "links").split(/\s+/).filter(Boolean),
    };
    await supabase.from("users").update(row).eq("id", me.id).throwOnError();
    const file = chooser.files?.[0];
    if (file) {
      const type = contentTypeOf(file);
      if (!type?.startsWith("image/")) {
        throw new Error("Saved, but not the picture: choose a PNG, JPEG, WebP, GIF, AVIF or HEIC.");
      }
      const { url } = await upload({ avatar: true }, file, type).media;
      picture.replaceChildren(avatar({ username: row.username, avatar_url: url }, 96));
    }
    forgetMe();
    dispatchEvent(new Event("profile-changed"));
    return "Saved.";
  }

  return h(
    "section",
    { class: "panel" },
    h("h2", null, "Profile"),
    picture,
    form(
      "Save",
      save,
      ...usernameField(me),
      field("Picture", chooser),
      field("Name", input({ name: "name", value: profile.name ?? "", maxlength: 100, autocomplete: "name" })),
      field(
        "Headline",
        input({ name: "headline", value: profile.headline ?? "", maxlength: 200 }),
        "One line below your name.",
      ),
      field("About you", textarea({ name: "bio", value: profile.bio ?? "", maxlength: 5000, rows: 4 })),
      field("Place", input({ name: "location", value: profile.location ?? "", maxlength: 100 })),
      field(
        "Links",
        textarea({ name: "links", value: profile.links.join("\n"), rows: 3 }),
        "Your other pages, one a line.",
      ),
    ),
  );
}

/** Says while one types whether the name can be had. */
function usernameField({ username }: Me): [HTMLElement, HTMLElement] {
  const verdict = h("p", { class: "caption", "aria-live": "polite" });
  const box = input({
    name: "username",
    value: username,
    required: true,
    maxlength: 32,
    autocapitalize: "none",
    spellcheck: false,
    onchange: async () => {
      const { data } = await supabase.rpc("username_available", { username: box.value.trim().toLowerCase() });
      verdict.textContent = verdicts[data ?? ""] ?? "";
    },
  });
  return [field("Username", box, "Your page is at this name; the former one leads to it."), verdict];
}
