//! PEM as strictly as OpenSSL and Java read it.
//!
//! Accepted is what `openssl x509` 3.0 and `keytool -printcert` both accept: BEGIN and END lines without
//! indentation, of the same label and alone on their lines, lines ended by LF or CRLF, and no byte order
//! mark. Lines of the body may have any length and be indented. Other text may precede the block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

/// Returns the DER of the first block, if it is a certificate.
pub(super) fn first_certificate(file: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(file).ok()?;
    let mut lines = text.split('\n').map(str::trim_end);
    let label = lines.find_map(|line| line.strip_prefix("-----BEGIN "))?;
    let label = label.strip_suffix("-----")?;
    if !LABELS.contains(&label) {
        return None;
    }
    let mut body = String::new();
    loop {
        let line = lines.next()?;
        if let Some(end) = line.strip_prefix("-----END ") {
            if end.strip_suffix("-----") != Some(label) {
                return None;
            }
            return STANDARD.decode(body).ok();
        }
        // OpenSSL takes an empty line for the end of the headers, and accepts none after the body began.
        if line.is_empty() && !body.is_empty() {
            return None;
        }
        body.extend(line.split_whitespace());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DER: &[u8] = &[7; 100];

    fn pem() -> String {
        let base64 = STANDARD.encode(DER);
        let (first, rest) = base64.split_at(64);
        format!("-----BEGIN CERTIFICATE-----\n{first}\n{rest}\n-----END CERTIFICATE-----\n")
    }

    #[test]
    fn pem_that_openssl_and_java_read_is_accepted() {
        let pem = pem();
        let lines: Vec<&str> = pem.lines().collect();
        for accepted in [
            pem.clone(),
            pem.trim_end().to_owned(),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', "  \n"),
            pem.replacen('\n', "\n\n", 1),
            format!("Bag Attributes\n  x: y\n{pem}"),
            format!("{}\n{}{}\n{}\n", lines[0], lines[1], lines[2], lines[3]),
            format!(
                "{}\n  {}\n  {}\n{}\n",
                lines[0], lines[1], lines[2], lines[3]
            ),
            pem.replace("CERTIFICATE", "X509 CERTIFICATE"),
        ] {
            assert_eq!(
                first_certificate(accepted.as_bytes()).as_deref(),
                Some(DER),
                "{accepted:?}"
            );
        }
    }

    #[test]
    fn pem_that_openssl_or_java_refuses_is_refused() {
        let pem = pem();
        let lines: Vec<&str> = pem.lines().collect();
        let utf16: Vec<u8> = pem.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for refused in [
            lines.join(" "),
            lines.join("\r"),
            lines.join("\\n"),
            format!("    {}", lines.join("\n    ")),
            format!("\u{feff}{pem}"),
            format!("{}{}\n{}\n{}", lines[0], lines[1], lines[2], lines[3]),
            format!("{}\n{}\n\n{}\n{}", lines[0], lines[1], lines[2], lines[3]),
            format!("{}{}", pem.trim_end(), pem),
            pem.replace("END CERT", "END XCERT"),
            pem.replacen("-----", "----", 1),
            pem.replace("CERTIFICATE", "PRIVATE KEY"),
            pem.replace("-----END CERTIFICATE-----", ""),
        ] {
            assert_eq!(first_certificate(refused.as_bytes()), None, "{refused:?}");
        }
        assert_eq!(first_certificate(&utf16), None);
    }
}
