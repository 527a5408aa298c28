import { defineConfig } from "vite";

export default defineConfig({
  resolve: { tsconfigPaths: true }, // $types
  server: { host: "127.0.0.1", port: 3000, strictPort: true },
  build: { target: "es2023", modulePreload: { polyfill: false } },
});
