/** Files in pieces, by TUS 1.0.0 (https://tus.io/protocols/resumable-upload): what has arrived is not sent again. */

import { DetailedError, Upload } from "tus-js-client";
import { supabaseUrl } from "./supabase.ts";

const pieceSize = 6 * 1024 * 1024; // bytes: hosted Storage takes no other

/** Where a file goes, as createUploadUrl says, and the address of the part of it that has arrived. */
export interface Destination {
  bucket: string;
  path: string;
  token: string;
  address?: string;
}

/** The file is not sent yet: it was paused or given up, or the connection was lost. */
export class InterruptedError extends Error {}

/**
 * Sends what has not arrived yet.
 * @throws InterruptedError `signal` was aborted, or Storage cannot be reached
 * @throws Error the file was refused
 */
export function send(
  file: File,
  type: string,
  { bucket, path, token, address }: Destination,
  { signal, onProgress, onAddress }: {
    signal: AbortSignal;
    /** @param share of the file that was sent, 0 to 1 */
    onProgress: (share: number) => void;
    onAddress: (address: string) => void;
  },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new InterruptedError());
    const upload = new Upload(file, {
      endpoint: `${supabaseUrl}/storage/v1/upload/resumable/sign`,
      uploadUrl: address,
      headers: { "x-signature": token },
      metadata: { bucketName: bucket, objectName: path, contentType: type },
      chunkSize: pieceSize,
      uploadDataDuringCreation: file.size <= pieceSize, // one request; of a larger file the address comes first
      storeFingerprintForResuming: false, // the address is kept with the rest: uploads.ts
      onUploadUrlAvailable: () => onAddress(upload.url!),
      onProgress: (sent, total) => onProgress(sent / total),
      onSuccess: () => resolve(),
      onError: (error) => reject(isInterruption(error) ? new InterruptedError() : new Error(refusalOf(error))),
    });
    signal.addEventListener("abort", () => {
      void upload.abort();
      reject(new InterruptedError());
    });
    upload.start();
  });
}

/** Deletes what has arrived of a file that is given up. What cannot be deleted now, Storage drops within a day. */
export async function discard({ token, address }: Destination): Promise<void> {
  if (address) await Upload.terminate(address, { headers: { "x-signature": token } }).catch(() => {});
}

const answerTo = (error: Error) => (error instanceof DetailedError ? error.originalResponse : null);

/** No answer, or one that says that it may work later: 423 is another connection that still sends. */
function isInterruption(error: Error): boolean {
  const status = answerTo(error)?.getStatus() ?? 0;
  return status === 0 || status === 409 || status === 423 || status >= 500;
}

const refusalOf = (error: Error) => answerTo(error)?.getBody().trim() || "The file was refused.";
