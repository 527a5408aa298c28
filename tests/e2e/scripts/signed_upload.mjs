// A picture from createUploadUrl to getUpload by supabase-js alone.
import { client, main } from "./supabase.mjs";

await main(async ({ url, key, token, target, picture, type }) => {
  const { functions, storage } = client(url, key, token);
  const file = new Blob([Buffer.from(picture, "base64")], { type });
  const body = { ...target, content_type: type, size: file.size };
  const { data: announced } = await functions.invoke("createUploadUrl", { body });
  const { bucket, path, token: signature, upload_id } = announced;
  const sent = await storage.from(bucket).uploadToSignedUrl(path, signature, file);
  const confirmed = await functions.invoke("confirmUpload", { body: { upload_id } });
  const asked = await functions.invoke(`getUpload?upload_id=${upload_id}`, { method: "GET" });
  return { sent: sent.error?.message ?? null, confirmed: confirmed.data, asked: asked.data };
});
