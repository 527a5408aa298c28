import { h } from "./dom.ts";
import { startRouter } from "./router.ts";
import { header } from "./ui/header.ts";

const main = h("main", { id: "main" });
document.body.prepend(
  h("a", { class: "skip", href: "#main" }, "Skip to content"),
  header(),
  main,
  h("footer", null, h("p", null, "Made with Showcase. ", h("a", { href: "/design" }, "All blocks"))),
);

startRouter({
  "/": () => import("./pages/home.ts"),
  "/login": () => import("./pages/login.ts"),
  "/pricing": () => import("./pages/pricing.ts"),
  "/design": () => import("./pages/blocks.ts"),
  "/dashboard": () => import("./pages/dashboard.ts"),
  "/projects/new": () => import("./pages/new_project.ts"),
  "/projects/:id/edit": () => import("./pages/edit_project.ts"),
  "/projects/:id/design": () => import("./pages/assistant.ts"),
  "/projects/:id/numbers": () => import("./pages/numbers.ts"),
  "/projects/preview/:token": () => import("./pages/preview.ts"),
  "/settings": () => import("./pages/account.ts"),
  "/settings/account": () => import("./pages/account.ts"),
  "/settings/subscription": () => import("./pages/subscription.ts"),
  "/settings/notifications": () => import("./pages/notifications.ts"),
  "/settings/qr": () => import("./pages/qr_codes.ts"),
  "/:username": () => import("./pages/profile.ts"),
  "/:username/:project": () => import("./pages/project.ts"),
  "/:username/projects/:project": () => import("./pages/project.ts"), // in QR codes
}, main);
