/** Output into a pipe whose reader has ended, as in `spillway policy history | head -1`. */

/** From now on, output that no reader accepts is dropped: the command still does its work, and ends without an error of its output. */
export function dropUnreadOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
