/** A certificate for `names` that signs itself, and its key, in PEM; whoever is to trust it is given it. */
export async function certificate(...names: string[]): Promise<{ cert: string; key: string }> {
  const folder = await Deno.makeTempDir();
  try {
    const config = `
      [req]
      distinguished_name = name
      x509_extensions = extensions
      prompt = no
      [name]
      CN = ${names[0]}
      [extensions]
      basicConstraints = CA:FALSE
      subjectAltName = ${names.map((name) => `DNS:${name}`).join(",")}`;
    await Deno.writeTextFile(`${folder}/config`, config);
    const args = [
      "req",
      "-x509",
      "-config",
      "config",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
    ];
    const openssl = new Deno.Command("openssl", {
      args: [...args, "-keyout", "key", "-out", "cert", "-days", "2"],
      cwd: folder,
      stderr: "piped",
    });
    const { success, stderr } = await openssl.output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return { cert: await Deno.readTextFile(`${folder}/cert`), key: await Deno.readTextFile(`${folder}/key`) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
