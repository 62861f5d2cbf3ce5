// Transfer encodings and character sets: from what travelled to text.

export function fromBase64(text: string): Uint8Array {
  return Buffer.from(text.replace(/[^A-Za-z0-9+/=]/g, ""), "base64");
}

export function fromQuotedPrintable(text: string): Uint8Array {
  const bytes: number[] = [];
  const joined = text.replace(/=[ \t]*\n/g, "");
  for (let at = 0; at < joined.length; at++) {
    const hex = joined[at] === "=" ? /^[0-9A-Fa-f]{2}/.exec(joined.slice(at + 1, at + 3)) : null;
    if (hex) {
      bytes.push(Number.parseInt(hex[0], 16));
      at += 2;
    } else {
      // Code points over 255 were decoded by the corpus already: keep them as the question mark Latin-1 has for them.
      const code = joined.charCodeAt(at);
      bytes.push(code < 256 ? code : 0x3f);
    }
  }
  return Uint8Array.from(bytes);
}

/** Senders invent charset names (`default_charset`, `unknown-8bit`): those read as Windows-1252, as browsers do. */
export function bytesToText(bytes: Uint8Array, charset: string | undefined): string {
  return decoderFor(charset).decode(bytes);
}

function decoderFor(charset: string | undefined): TextDecoder {
  try {
    return new TextDecoder(charset ?? "windows-1252");
  } catch {
    return new TextDecoder("windows-1252");
  }
}
