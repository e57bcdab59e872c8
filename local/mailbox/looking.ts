export const views = ["html", "text", "headers"] as const;
export type View = typeof views[number];

/** How a person looks at the mailbox, as its address says. */
export type Looking = {
  view?: View;
  /** What the list is searched for. */
  search?: string;
  /** Whether the mail's images are loaded from where it says: whoever sent it then learns that it was opened. */
  images?: boolean;
  /** Whether the mail is shown as wide as a phone. */
  phone?: boolean;
};

export function lookingAt(address: string): Looking {
  const { searchParams: query } = new URL(address);
  return {
    view: views.find((view) => view === query.get("view")),
    search: query.get("search")?.trim() || undefined,
    images: query.get("images") === "remote",
    phone: query.get("width") === "phone",
  };
}

/** The address of `path`, looked at like that. */
export function addressOf(path: string, { view, search, images, phone }: Looking): string {
  const query = new URLSearchParams({
    ...(view && { view }),
    ...(images && { images: "remote" }),
    ...(phone && { width: "phone" }),
    ...(search && { search }),
  });
  return query.size > 0 ? `${path}?${query}` : path;
}
