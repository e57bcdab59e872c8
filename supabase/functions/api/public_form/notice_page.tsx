import type { Notice } from "./notices.ts";

/** A page that only says something. */
export function NoticePage({ notice: { title, paragraphs, done } }: { notice: Notice }) {
  return (
    <div class="notice">
      {done && <div class="tick" aria-hidden="true" />}
      <h1>{title}</h1>
      {paragraphs.map((paragraph) => <p>{paragraph}</p>)}
    </div>
  );
}
