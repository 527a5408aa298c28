// A picture that is made from the prompt: a gradient whose colours follow from its words.
import { createHash } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

const [width, height] = [192, 128];

const others = {
  jpeg: () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(200)]),
  webp: () => Buffer.concat([Buffer.from("RIFF\xc0\0\0\0WEBPVP8 ", "latin1"), Buffer.alloc(200)]),
  text: () => Buffer.from("<html><script>alert(1)</script></html>".repeat(10)),
  tiny: () => Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  huge: () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(11 * 1024 * 1024)]),
};

/** As aimock wants it. */
export async function picture(request) {
  return { images: [{ b64Json: gradient(request.messages[0].content).toString("base64") }] };
}

/** What OpenAI would not send, and other kinds of files. */
export function oddPicture(what) {
  const image = what === "nothing" ? { url: "https://images.example.com/a.png" } : { b64_json: others[what]().toString("base64") };
  return { created: 0, data: [image] };
}

function gradient(prompt) {
  const [from, to] = [0, 3].map((at) => [...createHash("sha256").update(prompt).digest().subarray(at, at + 3)]);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const share = (x / width + y / height) / 2;
      for (let channel = 0; channel < 3; channel += 1) {
        rows[y * (1 + width * 3) + 1 + x * 3 + channel] = from[channel] + (to[channel] - from[channel]) * share;
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, red green blue
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type, data) {
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  const named = Buffer.concat([Buffer.from(type), data]);
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
