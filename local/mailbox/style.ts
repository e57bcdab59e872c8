export const style = `
:root { color-scheme: light dark; --ink: #1b2430; --soft: #556070; --paper: #fff; --line: #d9dee5; --edge: #76818f; --tint: #f3f5f8; --brand: #0f766e; --chosen: #e3f1ef; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a3aebd; --paper: #11161d; --line: #2c3542; --edge: #7a8795; --tint: #171d26; --brand: #5eead4; --chosen: #17302f; } }
* { box-sizing: border-box; }
body { margin: 0; height: 100dvh; display: grid; grid-template: auto 1fr / 24rem 1fr; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
[hidden] { display: none !important; }
body > header { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .6rem 1.25rem; border-bottom: 1px solid var(--line); }
header p { flex: 1 1 auto; } header form { display: flex; gap: .5rem; flex: 0 1 20rem; margin: 0; }
input, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--edge); border-radius: .4rem; padding: .3rem .7rem; min-height: 2.25rem; }
input { flex: 1; min-width: 0; } button { cursor: pointer; white-space: nowrap; } button:hover { background: var(--chosen); }
h1 { margin: 0; font-size: 1.05rem; } h1 a { color: inherit; text-decoration: none; }
.title { display: flex; gap: 1rem; align-items: start; justify-content: space-between; }
h2 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.25; overflow-wrap: anywhere; }
.soft { color: var(--soft); } p { margin: 0; } a { color: var(--brand); }
:focus-visible { outline: 2px solid var(--brand); outline-offset: -2px; }
nav { overflow-y: auto; border-right: 1px solid var(--line); background: var(--tint); }
nav ol { list-style: none; margin: 0; padding: 0; }
nav li a { display: grid; grid-template-columns: 1fr auto; gap: .1rem .75rem; padding: .7rem 1.25rem; border-bottom: 1px solid var(--line); color: inherit; text-decoration: none; border-left: 3px solid transparent; }
nav li a:hover { background: var(--chosen); }
nav li a[aria-current] { background: var(--chosen); border-left-color: var(--brand); }
nav b { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere; line-height: 1.35; } nav time { font-size: .85rem; font-variant-numeric: tabular-nums; }
nav span { grid-column: 1 / -1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: .9rem; }
nav > p { padding: .9rem 1.25rem; font-size: .9rem; }
main { display: flex; flex-direction: column; min-width: 0; overflow-y: auto; padding: 1.25rem 1.5rem 1.5rem; }
main.empty { align-items: center; justify-content: center; text-align: center; gap: .5rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem 1rem; margin: 0 0 1rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.views { display: flex; gap: 1.25rem; border-bottom: 1px solid var(--line); margin-bottom: 1rem; }
.views a { padding: .35rem 0; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; margin-bottom: -1px; }
.views a[aria-current] { color: var(--ink); border-bottom-color: var(--brand); font-weight: 600; }
.tools { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-bottom: .75rem; font-size: .9rem; }
iframe.phone { width: 375px; max-width: 100%; align-self: center; }
iframe { flex: 1; min-height: 24rem; width: 100%; border: 1px solid var(--line); border-radius: .5rem; background: #fff; color-scheme: light; }
pre { margin: 0; padding: 1rem; background: var(--tint); border-radius: .5rem; font: 13.5px/1.55 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 44rem) {
  body { height: auto; min-height: 100dvh; grid-template: auto auto 1fr / 1fr; }
  h1 { flex: 1; } header p, header form { flex: 1 0 100%; order: 1; } .tools .width { display: none; }
  nav { border-right: 0; max-height: 38dvh; } main { padding: 1rem 1.25rem; } main.empty { min-height: 40dvh; } iframe { min-height: 70dvh; }
}
`;

/**
 * New mail appears without a reload, which would lose the place in the mail being read. What deletes is asked for by DELETE,
 * which no other origin can.
 */
export const script = `
for (const button of document.querySelectorAll("[data-delete]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const { delete: path, then, ask } = button.dataset;
    if (ask && !confirm(ask)) return;
    await fetch(path, { method: "DELETE" });
    location.assign(then);
  });
}
setInterval(async () => {
  if (document.hidden) return;
  const page = await fetch(location.href).then((answer) => answer.text(), () => "");
  const fresh = new DOMParser().parseFromString(page, "text/html").querySelector("nav");
  const shown = document.querySelector("nav");
  if (fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
}, 2000);
`;
