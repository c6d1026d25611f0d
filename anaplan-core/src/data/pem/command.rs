//! Commands that convert a file into PEM.

use std::path::Path;

use super::Kind;

/// Returns a command that converts a file of this kind into PEM, if it must be converted.
///
/// `path` is the path of the file; without one the command names a placeholder.
#[must_use]
pub fn conversion_command(kind: Kind, path: Option<&Path>) -> Option<String> {
    let input = |placeholder: &str| quote(path.unwrap_or(Path::new(placeholder)));
    let output = output_file(path, "-converted.pem");
    let command = match kind {
        Kind::Bundle => {
            let (input, inform) = (input("chain.p7b"), "-inform DER ");
            format!("openssl pkcs7 {inform}-in {input} -print_certs -out {output}")
        }
        Kind::Pkcs12 => format!(
            "openssl pkcs12 -in {} -out {output} (add -legacy if OpenSSL reports an unsupported algorithm)",
            input("keystore.p12")
        ),
        Kind::JavaKeyStore => {
            let input = input("keystore.jks");
            let between = output_file(path, "-converted.p12");
            format!(
                "keytool -importkeystore -srckeystore {input} -destkeystore {between} -deststoretype PKCS12 && openssl pkcs12 -in {between} -out {output}"
            )
        }
        Kind::PuttyKey => format!(
            "puttygen {} -O private-openssh -o {output} && ssh-keygen -p -m PKCS8 -f {output}",
            input("key.ppk")
        ),
        Kind::OpenSshKey => {
            let input = input("key.pem");
            format!("cp {input} {output} && ssh-keygen -p -m PKCS8 -f {output}")
        }
        Kind::EncryptedKey | Kind::LegacyEncryptedKey => {
            let input = input("key.pem");
            format!("openssl pkcs8 -topk8 -v2 aes-256-cbc -in {input} -out {output}")
        }
        _ => return None,
    };
    Some(command)
}

/// Returns the quoted path of a new file beside the given one: its name without extension, and `ending`.
#[must_use]
pub fn output_file(path: Option<&Path>, ending: &str) -> String {
    let path = path.unwrap_or(Path::new("file"));
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(ending);
    quote(&path.with_file_name(name))
}

/// Returns a path as a word of a shell command.
#[must_use]
pub fn quote(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |character: char| {
        character.is_alphanumeric()
            || matches!(character, '/' | '.' | '-' | '_' | '+' | ':' | '@')
            || (cfg!(windows) && character == '\\')
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else if cfg!(windows) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
