/** What a workspace's mails and its public page show of it. */
export type Brand = {
  name: string;
  logo_url: string | null;
  primary_color: string | null;
  contact_email: string | null;
};

const fallback = "#0f766e";

/** The workspace's colour as `#rrggbb`; ours where it chose none. */
export function brandColor({ primary_color }: Brand): string {
  return primary_color && /^#[0-9a-f]{6}$/i.test(primary_color) ? primary_color : fallback;
}

/** The ink, black or white, that reads better on a `#rrggbb` background: at least 4.5 to 1 on any (WCAG 2). */
export function contrast(color: string): "#000000" | "#ffffff" {
  const light = luminance(color) + 0.05;
  return light / 0.05 > 1.05 / light ? "#000000" : "#ffffff";
}

/** The border of something in that colour: the colour, or a grey where white paper or dark mode would swallow it. */
export function outline(color: string): string {
  const light = luminance(color);
  return light < 0.02 || light > 0.8 ? "#8a94a3" : color;
}

/** The workspace's logo, if it is an https URL. */
export function brandLogo({ logo_url }: Brand): string | null {
  const url = logo_url === null ? null : URL.parse(logo_url);
  return url?.protocol === "https:" ? url.href : null;
}

/** The same for a mail, where it is no SVG: hardly a mail client shows one. */
export function mailLogo(brand: Brand): string | null {
  const logo = brandLogo(brand);
  return logo !== null && /\.svgz?$/i.test(new URL(logo).pathname) ? null : logo;
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
