/** The look of every public page. The workspace's colour comes as `--brand`, its ink as `--brand-ink`. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f3f5f8; --card: #fff; --field: #fff; --ink: #17202b; --soft: #556070; --line: #dde2e9; --edge: #76818f;
  --wrong: #b3261e; --wrong-tint: #fdf2f1; --focus: #1d4ed8; --shadow: 0 1px 2px rgb(15 23 42 / .06), 0 16px 48px rgb(15 23 42 / .1);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1218; --card: #171f29; --field: #0f161e; --ink: #e8edf3; --soft: #a9b4c2; --line: #2a3542; --edge: #7a8795;
    --wrong: #ffb4ab; --wrong-tint: #33201f; --focus: #9ec5ff; --shadow: none;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; background: var(--page); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere;
}
.band { background: var(--brand); color: var(--brand-ink); min-height: 10rem; padding: 1.75rem 1rem 6.5rem; border-bottom: 1px solid var(--line); }
.band > * { display: block; max-width: 36rem; margin: 0 auto; text-align: center; font-size: 1.25rem; font-weight: 700; line-height: 1.4; }
.band .logo {
  width: auto; max-width: min(15rem, 100%); height: 3.75rem; padding: .5rem .875rem; border-radius: .75rem;
  background: #fff; color: #17202b; object-fit: contain; font-size: 1rem;
}
.card {
  width: calc(100% - 1.5rem); max-width: 36rem; margin: -4.75rem auto 3rem; padding: clamp(1.5rem, 6vw, 2.75rem) clamp(1.125rem, 6vw, 2.75rem);
  background: var(--card); border: 1px solid var(--line); border-radius: 1.25rem; box-shadow: var(--shadow);
}
h1 { margin: 0 0 .75rem; font-size: clamp(1.5rem, 1.2rem + 1.6vw, 2rem); line-height: 1.2; letter-spacing: -.015em; text-wrap: balance; }
p { margin: 0 0 1rem; }
.lead { color: var(--soft); margin-bottom: 2rem; }
form { margin: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.75rem; }
fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
legend { padding: 0; margin-bottom: .75rem; font-size: 1.1875rem; font-weight: 700; line-height: 1.35; }
legend + .hint { margin: -.5rem 0 .875rem; }
.pair { display: grid; gap: 1.125rem 1rem; }
@media (min-width: 36rem) { .pair { grid-template-columns: 1fr 1fr; align-items: end; } }
.pair .field { min-width: 0; }
label { display: block; margin-bottom: .375rem; font-weight: 650; }
.mark { color: var(--soft); font-size: .875rem; font-weight: 400; white-space: nowrap; }
.hint { margin: 0 0 .5rem; color: var(--soft); font-size: .9375rem; line-height: 1.5; }
input, select, textarea {
  width: 100%; min-height: 3rem; margin: 0; padding: .6875rem .875rem; border: 1px solid var(--edge); border-radius: .625rem;
  background: var(--field); color: inherit; font: inherit; line-height: 1.5;
}
textarea { min-height: 7rem; resize: vertical; }
.wrong input, .wrong select, .wrong textarea { border-color: var(--wrong); box-shadow: inset 0 0 0 1px var(--wrong); }
.error { margin: 0 0 .5rem; color: var(--wrong); font-size: .9375rem; font-weight: 600; line-height: 1.45; }
.consent { padding: 1rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--page); }
.consent label { display: grid; grid-template-columns: 1.5rem 1fr; gap: .75rem; margin: 0; font-weight: 400; line-height: 1.5; cursor: pointer; }
.consent.wrong { border-color: var(--wrong); }
.consent input { width: 1.5rem; height: 1.5rem; min-height: 0; margin: 0; padding: 0; accent-color: var(--ink); cursor: pointer; }
button {
  width: 100%; min-height: 3.5rem; padding: .875rem 1.5rem; border: 1px solid var(--edge); border-radius: .75rem;
  background: var(--brand); color: var(--brand-ink); font: inherit; font-weight: 700; cursor: pointer; transition: box-shadow .15s, transform .15s;
}
button:hover { box-shadow: 0 6px 20px rgb(15 23 42 / .22); transform: translateY(-1px); }
button:active { transform: none; box-shadow: none; }
[aria-busy=true] button { cursor: progress; transform: none; box-shadow: none; }
[aria-busy=true] button::after {
  content: ""; display: inline-block; width: 1em; height: 1em; margin-left: .625rem; vertical-align: -.125em;
  border: .15em solid; border-right-color: transparent; border-radius: 50%; animation: turn .8s linear infinite;
}
@keyframes turn { to { transform: rotate(1turn); } }
.unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
h1:focus, .summary:focus { outline: none; }
.summary { margin-bottom: 2rem; padding: 1rem 1.125rem; border: 1px solid var(--wrong); border-left-width: .375rem; border-radius: .75rem; background: var(--wrong-tint); }
.summary h2 { margin: 0 0 .25rem; font-size: 1.0625rem; line-height: 1.4; }
.summary ul { margin: 0; padding-left: 1.125rem; }
.summary p { margin: 0; }
.summary a { color: var(--wrong); font-weight: 600; }
.notice { text-align: center; padding: .75rem 0; }
.notice p:last-child { margin-bottom: 0; }
.tick { position: relative; width: 4rem; height: 4rem; margin: 0 auto 1.25rem; border: 1px solid var(--edge); border-radius: 50%; background: var(--brand); color: var(--brand-ink); }
.tick::after {
  content: ""; position: absolute; left: 1.5rem; top: .9375rem; width: .875rem; height: 1.5rem;
  border: solid currentColor; border-width: 0 .25rem .25rem 0; transform: rotate(42deg);
}
.wait { margin: 0; color: var(--soft); text-align: center; }
@media (prefers-reduced-motion: reduce) { [aria-busy=true] button::after { animation-duration: 4s; } button { transition: none; } button:hover { transform: none; } }
`;

/** The two colours that are the workspace's own; both are trusted to be `#rrggbb`. */
export const brandStyle = (color: string, ink: string) => `:root { --brand: ${color}; --brand-ink: ${ink}; }`;
