/** An upload: announce it, send it with progress, have it checked. */

import type { ContentType } from "$types/functions.ts";
import type { Film, Picture } from "../blocks/types.ts";
import { call } from "./functions.ts";

export type Media = Partial<Picture & Film> & { id: string; url: string };

const extensions: Record<string, ContentType> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  avif: "image/avif",
  heic: "image/heic",
  heif: "image/heif",
  mp4: "video/mp4",
  m4v: "video/mp4",
  webm: "video/webm",
  mov: "video/quicktime",
};

export const contentTypes = [...new Set(Object.values(extensions))];

/** By the browser, else by the name, since many browsers do not know HEIC; undefined where it is none that is taken. */
export function contentTypeOf(file: File): ContentType | undefined {
  const extension = file.name.split(".").at(-1)!.toLowerCase();
  return file.type ? contentTypes.find((type) => type === file.type) : extensions[extension];
}

/**
 * The new row of the project, or the new avatar.
 * @param onProgress the share of the file that was sent, 0 to 1
 */
export async function upload(
  target: { project_id: string } | { avatar: true },
  file: File,
  type: ContentType,
  onProgress: (share: number) => void,
): Promise<Media> {
  const announced = await call("createUploadUrl", {
    ...target,
    content_type: type,
    size: file.size,
  });
  await send(announced.upload_url, file, type, onProgress);
  return confirm(announced.upload_id);
}

/** By XMLHttpRequest, since fetch says nothing of progress. */
function send(url: string, file: File, type: ContentType, onProgress: (share: number) => void): Promise<void> {
  const request = new XMLHttpRequest();
  request.open("PUT", url);
  request.setRequestHeader("content-type", type);
  request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
  return new Promise((resolve, reject) => {
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error(messageOf(request.responseText))));
    request.onerror = () => reject(new Error("The upload was interrupted. Try again."));
    request.send(file);
  });
}

/** A check that takes long answers before its end: the same call then waits on. */
async function confirm(upload_id: string): Promise<Media> {
  for (;;) {
    const answer = await call("confirmUpload", { upload_id });
    if (!("status" in answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function messageOf(answer: string): string {
  try {
    return (JSON.parse(answer) as { message: string }).message;
  } catch {
    return "The file was refused.";
  }
}
