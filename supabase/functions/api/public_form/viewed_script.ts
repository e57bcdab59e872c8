/** JavaScript: `whenSeen(act)` calls `act` once the page is before somebody's eyes, and never for one loaded ahead. */
export const whenSeen = `
function whenSeen(act) {
  if (document.prerendering) {
    document.addEventListener("prerenderingchange", () => whenSeen(act), { once: true });
  } else if (document.visibilityState !== "visible") {
    document.addEventListener("visibilitychange", () => whenSeen(act), { once: true });
  } else {
    requestAnimationFrame(() => setTimeout(act));
  }
}
`;

/** Stamps `viewed` from the page itself, since a GET changes nothing. */
export const viewedScript = `${whenSeen}
whenSeen(() => {
  const token = location.pathname.split("/").at(-1);
  fetch("../public/referral-requests/" + token + "/viewed", { method: "POST", credentials: "omit" }).catch(() => {});
});
`;
