/** An upload: announce it, send it, have it checked. It goes on after an interruption. */

import type { ContentType } from "$types/functions.ts";
import type { Film, Picture } from "../blocks/types.ts";
import { call, ProblemError } from "./functions.ts";
import { supabase } from "./supabase.ts";
import { discard, InterruptedError, send } from "./resumable.ts";
import { forgetStarted, keyOf, readStarted, type Started, type Target, writeStarted } from "./started_uploads.ts";

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

/** `offline`: it goes on by itself when the connection is back. */
export type UploadState = "sending" | "paused" | "offline" | "checking";

export interface Running {
  /** The new row of the project, or the new avatar. */
  media: Promise<Media>;
  pause(): void;
  resume(): void;
  /** Gives it up: `media` is rejected with an InterruptedError. */
  cancel(): void;
}

/**
 * Starts an upload, or goes on with one of the same file that this browser began.
 * @param onChange gets the share of the file that was sent, 0 to 1
 */
export function upload(
  target: Target,
  file: File,
  type: ContentType,
  onChange: (state: UploadState, share: number) => void = () => {},
): Running {
  const key = keyOf(target, file);
  let pausing = new AbortController();
  let resume = () => {};
  let isCanceled = false;
  let share = 0;

  async function attempt(): Promise<Media> {
    const { signal } = pausing;
    onChange("sending", share);
    const announced = readStarted(key) ?? await announce(target, file, type);
    writeStarted(key, announced);
    await send(file, type, announced, {
      signal,
      onProgress: (sent) => onChange("sending", share = sent),
      onAddress: (address) => writeStarted(key, { ...announced, address }),
    });
    onChange("checking", 1);
    return confirm(announced.upload_id);
  }

  async function run(): Promise<Media> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (isCanceled || !isInterruption(error)) throw error;
        const isPaused = pausing.signal.aborted;
        onChange(isPaused ? "paused" : "offline", share);
        await new Promise<void>((resolve) => {
          resume = resolve;
          if (!isPaused) addEventListener("online", () => resolve(), { once: true });
        });
        if (isCanceled) throw error;
        pausing = new AbortController();
      }
    }
  }

  function cancel(): void {
    isCanceled = true;
    pausing.abort();
    resume();
  }

  const media = run().finally(() => (isCanceled ? discardStarted(key) : forgetStarted(key)));
  return { media, pause: () => pausing.abort(), resume: () => resume(), cancel };
}

/** Ends an upload that was begun: its place is free again, and nothing of the file stays. */
export async function discardStarted(key: string): Promise<void> {
  const started = readStarted(key);
  if (started) {
    await supabase.rpc("cancel_media_upload", { upload_id: started.upload_id }).throwOnError();
    await discard(started);
  }
  forgetStarted(key);
}

async function announce(target: Target, file: File, content_type: ContentType): Promise<Started> {
  const { upload_id, bucket, path, token, expires_at } = await call("createUploadUrl", {
    ...target,
    content_type,
    size: file.size,
  });
  return { name: file.name, type: content_type, upload_id, bucket, path, token, expires_at };
}

const busy = new Set<string>(["upload_busy", "checks_busy", "check_interrupted"]);

const isInterruption = (error: unknown) =>
  error instanceof InterruptedError || (error instanceof ProblemError && error.problem.code === "network_error");

/** A check that takes long answers before its end, and while others wait it is refused: the same call then waits on. */
async function confirm(upload_id: string): Promise<Media> {
  for (;;) {
    const answer = await call("confirmUpload", { upload_id }).catch((error: unknown) => {
      if (error instanceof ProblemError && busy.has(error.problem.code)) return null;
      throw error;
    });
    if (answer && !("status" in answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
