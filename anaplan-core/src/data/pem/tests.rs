use super::*;

pub(super) const KEY: &str = include_str!("../../../tests/pem/key.pem");
pub(super) const ROOT: &str = include_str!("../../../tests/pem/root.pem");
pub(super) const USER: &str = include_str!("../../../tests/pem/smime.pem");
const LEGACY: &str = include_str!("../../../tests/pem/key_legacy_encrypted.pem");
pub(super) const CHAIN: &[u8] = include_bytes!("../../../tests/pem/chain.p7b");

pub(super) fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.contains('-')).collect();
    STANDARD.decode(body).unwrap()
}

fn kinds(document: &Document) -> Vec<Kind> {
    document.objects.iter().map(Object::kind).collect()
}

/// The only object of a file.
pub(super) fn content(file: &[u8]) -> Vec<u8> {
    let document = read(file);
    assert_eq!(document.objects.len(), 1, "{document:?}");
    document.objects[0].content().unwrap().to_vec()
}

pub(super) fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn pem_is_read_in_every_form_that_tools_write() {
    let lines: Vec<&str> = KEY.lines().collect();
    let body = lines[1..lines.len() - 1].concat();
    let base64 = STANDARD.encode(KEY);
    let wrapped: Vec<String> = base64
        .as_bytes()
        .chunks(76)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let forms = [
        ("one line", lines.join(" ")),
        ("no breaks at all", lines.concat()),
        ("indented", lines.join("\n    ")),
        ("carriage returns", lines.join("\r")),
        ("windows", lines.join("\r\n")),
        ("blank lines", lines.join("\n\n")),
        ("escaped", lines.join("\\n")),
        ("escaped twice", lines.join("\\\\n")),
        ("escaped for windows", lines.join("\\r\\n")),
        (
            "json",
            serde_json::to_string(KEY).unwrap().replace('/', "\\/"),
        ),
        (
            "json of .net",
            serde_json::to_string(KEY).unwrap().replace('+', "\\u002B"),
        ),
        ("array of lines", serde_json::to_string(&lines).unwrap()),
        (
            "url",
            KEY.replace('\n', "%0A")
                .replace('+', "%2B")
                .replace(' ', "+"),
        ),
        ("byte order mark", format!("\u{feff}{KEY}")),
        ("mail", lines.join("\n> ")),
        (
            "dashes of a word processor",
            KEY.replace("-----", "\u{2014}\u{2013}"),
        ),
        ("a lost hyphen", KEY.replacen("-----", "----", 1)),
        ("no-break spaces", lines.join("\u{a0}")),
        (
            "another label",
            KEY.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        ),
        (
            "two labels",
            KEY.replacen("PRIVATE KEY", "RSA PRIVATE KEY", 1),
        ),
        (
            "text around",
            format!("Bag Attributes\n    Key: 1\n{KEY}The end -- really."),
        ),
        ("base64 of it", base64.clone()),
        ("wrapped base64 of it", wrapped.join("\r\n")),
        ("quoted base64 of it", format!("\"{base64}\"\n")),
        ("base64 of base64 of it", STANDARD.encode(&base64)),
        ("bare base64", body.clone()),
        (
            "bare base64url",
            body.replace('+', "-").replace('/', "_").replace('=', ""),
        ),
    ];
    for (form, text) in forms {
        assert_eq!(content(text.as_bytes()), der(KEY), "{form}");
        assert!(
            form.contains("base64") || has_marker(text.as_bytes()),
            "{form}"
        );
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}{text}");
            assert_eq!(content(&utf16(&text, u16::to_le_bytes)), der(KEY), "{form}");
            assert_eq!(content(&utf16(&text, u16::to_be_bytes)), der(KEY), "{form}");
        }
    }
}

#[test]
fn der_is_read_with_padding_after_it() {
    for padding in ["", "\n", "\r\n", "\0\0"] {
        let file = [&der(ROOT), padding.as_bytes()].concat();
        assert_eq!(content(&file), der(ROOT));
    }
}

#[test]
fn every_certificate_of_a_file_is_found() {
    let glued = format!("{}{USER}", ROOT.trim_end());
    let unpacked = [der(ROOT), der(USER)];
    for file in [
        &glued,
        &format!("{ROOT}subject=CN = smime\n{USER}"),
        &format!("{ROOT}{KEY}{USER}"),
        &format!("{}\n{}", ROOT.replace('\n', " "), USER.replace('\n', "\r")),
        &format!("{ROOT}{USER}").replace("CERTIFICATE", "X509 CERTIFICATE"),
    ] {
        let document = read(file.as_bytes());
        let found: Vec<_> = document
            .certificates()
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(found, unpacked, "{file}");
    }
    let trusted = encode(
        "TRUSTED CERTIFICATE",
        &[&der(USER)[..], &[0x30, 2, 5, 0]].concat(),
    );
    assert_eq!(content(trusted.as_bytes()), der(USER));
}

#[test]
fn pkcs7_is_unpacked_whatever_its_label() {
    for file in [
        CHAIN.to_vec(),
        encode("PKCS7", CHAIN).into_bytes(),
        encode("CERTIFICATE", CHAIN).into_bytes(),
        STANDARD.encode(CHAIN).into_bytes(),
    ] {
        let document = read(&file);
        assert_eq!(kinds(&document), [Kind::Bundle]);
        let found = document.certificates();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], Ok(&der(ROOT)[..]));
        assert_eq!(found[2], Ok(&der(USER)[..]));
    }
}

#[test]
fn damage_is_distinguished() {
    let first = |text: &str| {
        let document = read(text.as_bytes());
        let object = &document.objects[0];
        (object.kind(), object.damage())
    };
    let cut = &USER[..USER.len() - 60];
    assert_eq!(first(cut), (Kind::Certificate, Some(Damage::NoEnd)));
    let tail = &USER[30..];
    assert_eq!(first(tail), (Kind::Certificate, Some(Damage::NoBegin)));
    let foreign = USER.replacen("MII", "M?I", 1);
    assert_eq!(
        first(&foreign),
        (Kind::Certificate, Some(Damage::NotBase64))
    );
    let flipped = USER.replacen("MII", "AAA", 1);
    assert_eq!(first(&flipped), (Kind::Certificate, Some(Damage::NotDer)));
    let short = encode("CERTIFICATE", &der(USER)[..200]);
    assert_eq!(first(&short), (Kind::Certificate, Some(Damage::NotDer)));
    let long = encode("CERTIFICATE", &[&der(USER)[..], b"tail"].concat());
    assert_eq!(first(&long), (Kind::Certificate, Some(Damage::NotDer)));

    let two = read(format!("{cut}\n{ROOT}").as_bytes());
    assert_eq!(two.certificates(), [Err(Damage::NoEnd), Ok(&der(ROOT)[..])]);
}

#[test]
fn other_formats_are_recognized() {
    let indefinite = [
        &[0x30, 0x80, 0x06, 0x09][..],
        &der::SIGNED_DATA,
        &[0xA0, 0x80],
    ]
    .concat();
    for (file, kind) in [
        (
            &[0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2][..],
            Kind::JavaKeyStore,
        ),
        (&indefinite, Kind::Bundle),
        (&[0x30, 5, 2, 1, 3, 0x30, 0], Kind::Pkcs12),
        (b"PuTTY-User-Key-File-3: ssh-rsa\n", Kind::PuttyKey),
        (
            b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
            Kind::OpenSshKey,
        ),
        (b"ssh-rsa AAAAB3NzaC1yc2E ada", Kind::PublicKey),
        (b"<!doctype html><html>", Kind::WebPage),
        (b"/etc/anaplan/key.pem", Kind::Unknown),
        (b"keys/production", Kind::Unknown),
    ] {
        assert_eq!(kinds(&read(file)), [kind], "{file:?}");
    }
    assert_eq!(kinds(&read(b" \r\n")), []);
}

#[test]
fn legacy_encryption_is_read_on_lines_and_without_lines() {
    let lines: Vec<&str> = LEGACY.lines().collect();
    let mut found = Vec::new();
    for text in [
        LEGACY.to_owned(),
        lines.join("\r\n"),
        lines.join(" "),
        lines.join("\n  "),
    ] {
        let document = read(text.as_bytes());
        let [object] = &document.objects[..] else {
            panic!("{document:?}");
        };
        assert_eq!(object.kind(), Kind::LegacyEncryptedKey);
        let encryption = object.legacy_encryption().unwrap();
        assert_eq!(
            (&*encryption.cipher, encryption.iv.len()),
            ("AES-256-CBC", 16)
        );
        found.push((encryption.clone(), object.content().unwrap().to_vec()));
    }
    found.dedup();
    assert_eq!(found.len(), 1);
}

#[test]
fn roots_are_read_all_or_none() {
    let bundle = format!("{ROOT}{USER}");
    let document = read(bundle.as_bytes());
    assert_eq!(
        document.root_certificates(None).unwrap(),
        [der(ROOT), der(USER)]
    );

    let error = |file: &[u8]| {
        let error = read(file)
            .root_certificates(Some(Path::new("/etc/company ca.pem")))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.to_string()
    };
    let second_cut = format!("{ROOT}{}", &USER[..400]);
    for (file, words) in [
        (&b""[..], "/etc/company ca.pem is empty"),
        (
            KEY.as_bytes(),
            "contains no certificate, only a private key",
        ),
        (
            second_cut.as_bytes(),
            "of 2 certificates, number 2 is damaged: its END line",
        ),
        (
            &[0x30, 5, 2, 1, 3, 0x30, 0],
            "openssl pkcs12 -in '/etc/company ca.pem' -out '/etc/company ca-converted.pem'",
        ),
        (
            &[0xFE, 0xED, 0xFE, 0xED],
            "keytool -importkeystore -srckeystore '/etc/company ca.pem'",
        ),
    ] {
        let text = error(file);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn contents_are_counted_in_words() {
    let text = |file: &str| read(file.as_bytes()).to_string();
    assert_eq!(
        text(&format!("{ROOT}{KEY}{USER}")),
        "2 certificates and a private key"
    );
    assert_eq!(text(LEGACY), "an encrypted private key");
    assert_eq!(text(&ROOT[..100]), "a damaged certificate");
    assert_eq!(text("hello"), "data of an unknown kind");
    assert_eq!(text(""), "no object");
}

#[test]
fn debug_does_not_show_content() {
    let shown = format!("{:?}", read(KEY.as_bytes()));
    assert!(shown.contains("Pkcs8Key") && shown.len() < 200, "{shown}");
}
