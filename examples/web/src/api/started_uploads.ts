/** Uploads that this browser has begun, so that after a reload of the page they go on where they stopped. */

import type { ContentType } from "$types/functions.ts";
import type { Destination } from "./resumable.ts";

export type Target = { project_id: string } | { avatar: true };

export interface Started extends Destination {
  name: string; // of the file
  type: ContentType;
  upload_id: string;
  /** Until when the upload holds its place. */
  expires_at: string;
}

const allPrefix = "showcase-upload ";

const prefix = (target: Target) => `${allPrefix}${"avatar" in target ? "avatar" : target.project_id} `;

/** A file that is chosen again has the same key. */
export const keyOf = (target: Target, file: File) =>
  prefix(target) + [file.size, file.lastModified, file.name].join(" ");

/** Null where there is none, or where its time is over. */
export function readStarted(key: string): Started | null {
  const started = JSON.parse(localStorage.getItem(key) ?? "null") as Started | null;
  if (!started || Date.parse(started.expires_at) > Date.now()) return started;
  forgetStarted(key);
  return null;
}

export const writeStarted = (key: string, started: Started) => localStorage.setItem(key, JSON.stringify(started));

export const forgetStarted = (key: string) => localStorage.removeItem(key);

/** Nobody who signs in to this browser next goes on with another user's upload, or finds its address. */
export function forgetAllStarted(): void {
  Object.keys(localStorage).filter((key) => key.startsWith(allPrefix)).forEach(forgetStarted);
}

/** The uploads that were begun for a project, by their key. */
export function startedUploads(target: Target): [string, Started][] {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix(target)));
  return keys.flatMap((key) => {
    const started = readStarted(key);
    return started ? [[key, started]] : [];
  });
}
