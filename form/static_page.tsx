import { fileURLToPath } from "node:url";
import { html } from "hono/html";
import { FormPage } from "../supabase/functions/api/public_form/form_page.tsx";
import { defaultColors, Frame } from "../supabase/functions/api/public_form/html_page.tsx";
import { sourceHash } from "../supabase/functions/api/http/source_hash.ts";
import { style } from "../supabase/functions/api/public_form/style.ts";
import { whenSeen } from "../supabase/functions/api/public_form/viewed_script.ts";

/** The public form as one file that works over the API at `api`, from wherever it is hosted. */
export async function staticPage(api: string): Promise<string> {
  const script = whenSeen + await bundle("./browser.ts");
  const { color, colors } = defaultColors;
  const policy = [
    "default-src 'none'",
    `style-src ${await sourceHash(style)} ${await sourceHash(colors)}`,
    `script-src ${await sourceHash(script)}`,
    `connect-src ${new URL(api).origin}`,
    "img-src https:",
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  const head = (
    <>
      <meta http-equiv="Content-Security-Policy" content={policy} />
      <meta name="api" content={api} />
    </>
  );
  const document = (
    <Frame
      title="Refer a friend"
      name=""
      logo={null}
      color={color}
      styles={[style, colors]}
      script={script}
      head={head}
    >
      <p class="wait" role="status">One moment…</p>
      <noscript>
        <p>This page needs JavaScript. Please switch it on, or answer the email that brought you here.</p>
      </noscript>
      <div id="form" hidden>
        <FormPage company="" referrer="" categories={[""]} />
        <p class="unseen" id="status" role="status"></p>
      </div>
    </Frame>
  );
  return String(html`<!doctype html>${document}`);
}

async function bundle(entry: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", fileURLToPath(import.meta.resolve(entry))],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
