/** Hosts of URLs that are, in one spelling or another, an address that no webhook may reach. */
export const privateHosts = [
  // Loopback and "this host", as browsers and C libraries read them.
  ..."127.0.0.1 127.0.0.2 127.1 127.0.1 127.255.255.254 2130706433 0x7f000001 0x7F.1 0x7f.0.0.1 0x7f.0x0.0x0.0x1 017700000001"
    .split(" "),
  ..."0177.0.0.1 0177.1 0177.0.0.01 0000177.0.0.1 0x7f.0.1 127.0.0.1. 127.0.0.1%2e 127%2e0%2e0%2e1 %31%32%37.0.0.1"
    .split(" "),
  ..."１２７.0.0.1 127。0。0。1 ①②⑦.0.0.1 127．0．0．1 0.0.0.0 0 0x0 00 0.0 0.1.2.3 0.255.255.255 0x00000000".split(
    " ",
  ),
  ..."[::1] [::] [0:0:0:0:0:0:0:1] [0000::0001] [::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:7F00:0001] [::127.0.0.1]"
    .split(" "),
  ..."[::7f00:1] [::ffff:0:127.0.0.1] [::ffff:0.0.0.0] [::ffff:0:0] [::2] [::ffff:8.8.8.8] [::8.8.8.8]".split(" "),
  // Private networks, shared address space.
  ..."10.0.0.0 10.0.0.1 10.1 10.255.255.255 0xa000001 012.0.0.1 167772161 172.16.0.1 172.20.10.5 172.31.255.255".split(
    " ",
  ),
  ..."0xac.0x10.0.1 2886729729 192.168.0.1 192.168.1.1 192.168.255.255 0xc0a80001 3232235521 0300.0250.0.1".split(" "),
  ..."100.64.0.1 100.100.100.200 100.127.255.255 [::ffff:10.0.0.1] [::ffff:192.168.0.1] [::ffff:a00:1]".split(" "),
  // Link-local, where clouds keep their metadata and credentials.
  ..."169.254.0.1 169.254.169.254 169.254.170.2 169.254.255.255 2852039166 0xa9fea9fe 0251.0376.0251.0376".split(" "),
  ..."0xa9.0xfe.0xa9.0xfe 169.16689662 [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [fe80::1] [fe80::a9fe:a9fe]".split(
    " ",
  ),
  ..."[febf::1] [fd00:ec2::254] [fd20:ce::254]".split(" "),
  // Set aside for protocols, documentation, benchmarks, multicast and the future.
  ..."192.0.0.1 192.0.0.8 192.0.0.170 192.0.2.1 198.51.100.7 203.0.113.80 192.88.99.1 198.18.0.1 198.19.255.255".split(
    " ",
  ),
  ..."192.31.196.1 192.52.193.1 192.175.48.1 224.0.0.1 239.255.255.250 240.0.0.1 250.1.2.3 255.255.255.254".split(" "),
  ..."255.255.255.255 4294967295 0xffffffff 0377.0377.0377.0377".split(" "),
  // IPv6 that is local, set aside, or carries IPv4.
  ..."[fc00::1] [fd12:3456:789a::1] [fdff::1] [fec0::1] [feff::1] [ff00::1] [ff02::1] [ff0e::1] [100::1]".split(" "),
  ..."[100:0:0:1::1] [2001:db8::1] [3fff::1] [3fff:fff:ffff::1] [5f00::1] [2001::1] [2001:0:7f00:1::] [2001:2::1]"
    .split(" "),
  ..."[2001:10::1] [2001:20::1] [2001:30::1] [2001:1ff::1] [2620:4f:8000::1] [4000::1] [8000::1] [e000::1]".split(" "),
  ..."[64:ff9b::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b::a00:1] [64:ff9b::a9fe:a9fe] [64:ff9b::8.8.8.8]".split(" "),
  ..."[64:ff9b:1::1] [64:ff9b:1::7f00:1] [2002::1] [2002:7f00:1::] [2002:a00:1::1] [2002:a9fe:a9fe::] [2002:808:808::1]"
    .split(" "),
  ..."[::ffff:0:7f00:1] [::ffff:0:a00:1] [0:0:0:0:0:ffff:7f00:1]".split(" "),
];

/** Host names that are of no public network, or none at all, whatever a resolver says. */
export const privateNames = [
  ..."localhost localhost. LOCALHOST LocalHost. app.localhost localhost.localdomain ip6-localhost kong db".split(" "),
  ..."postgres internal local printer.local api.internal metadata.google.internal metadata router.lan nas.home".split(
    " ",
  ),
  ..."x.home.arpa intranet.corp wiki.intranet vault.private hook.test nothing.invalid facebookcorewwwi.onion".split(
    " ",
  ),
  ..."host.docker.internal supabase_kong_app ｌｏｃａｌｈｏｓｔ loc%61lhost printer.local. api.internal. a..example.com .example.com"
    .split(" "),
  ..."a!b.example.com *.example.com -x.example.com x-.example.com localhost..".split(" "),
  `${"a".repeat(64)}.example.com`,
  `${"a.".repeat(125)}example.com`,
];

/** What the lookup of a public name may answer: to each of these no webhook goes. */
export const privateAnswers = [
  ..."127.0.0.1 127.8.9.10 0.0.0.0 10.1.2.3 172.16.9.9 192.168.178.1 100.64.0.9 169.254.169.254 198.18.0.1".split(" "),
  ..."192.0.0.1 192.0.2.1 192.88.99.1 224.0.0.251 240.0.0.1 255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1"
    .split(
      " ",
    ),
  ..."::7f00:1 fe80::1 fc00::1 fd00::1 ff02::1 fec0::1 2001:db8::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe".split(" "),
  ..."64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1::1 2002:808:808::1 100::1 3fff::1 5f00::1 2001::1".split(
    " ",
  ),
];

/** URLs that are refused for what they are, each with a word of the reason. */
export const refusedUrls: [string, string][] = [
  ["http://hooks.example.com/", "https"],
  ["HTTP://hooks.example.com/", "https"],
  ["http://127.0.0.1:{port}/", "https"],
  ["http://localhost:{port}/", "https"],
  ["http://[::1]:{port}/", "https"],
  ["ftp://127.0.0.1:{port}/", "https"],
  ["ws://127.0.0.1:{port}/", "https"],
  ["wss://127.0.0.1:{port}/", "https"],
  ["file:///etc/passwd", "https"],
  ["file://127.0.0.1:{port}/", "valid"],
  ["gopher://127.0.0.1:{port}/", "https"],
  ["data:text/plain,hello", "https"],
  ["javascript:alert(1)", "https"],
  ["blob:https://hooks.example.com/1", "https"],
  ["unix:/run/docker.sock", "https"],
  ["https:", "valid"],
  ["https://", "valid"],
  ["//hooks.example.com/", "valid"],
  ["hooks.example.com", "valid"],
  ["", "valid"],
  ["   ", "valid"],
  ["https://256.256.256.256/", "valid"],
  ["https://127.0.0.0.1/", "valid"],
  ["https://0x100000000/", "valid"],
  ["https://[::1%25lo]/", "valid"],
  ["https://[fe80::1%25eth0]/", "valid"],
  ["https://[127.0.0.1]/", "valid"],
  ["https://127.0.0.1\u0000.example.com/", "valid"],
  ["https://hooks.example.com:99999/", "valid"],
  ["https://hooks example.com/", "valid"],
  ["https://alice@hooks.example.com/", "password"],
  ["https://alice:secret@hooks.example.com/", "password"],
  ["https://:secret@hooks.example.com/", "password"],
  ["https://hooks.example.com@127.0.0.1:{port}/", "password"],
  ["https://hooks.example.com%2f@127.0.0.1:{port}/", "password"],
  ["https:\\\\hooks.example.com@127.0.0.1:{port}/", "password"],
  ["https://127.0.0.1:{port}#@hooks.example.com/", "public"],
  ["https://127.0.0.1:{port}\\@hooks.example.com/", "public"],
  ["https:127.0.0.1:{port}/", "public"],
  ["https:/127.0.0.1:{port}/", "public"],
  ["https:///127.0.0.1:{port}/", "public"],
  ["\thttps://127.0.\n0.1:{port}/", "public"],
  ["https://127.0.0.1:{port}?hooks.example.com", "public"],
  ...[22, 23, 25, 53, 110, 143, 445, 465, 587, 993, 995, 2375, 3306, 3389, 5432, 6379, 6543, 9200, 11211, 27017]
    .map((port): [string, string] => [`https://hooks.example.com:${port}/`, `port ${port}`]),
];
