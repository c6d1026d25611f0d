//! Decryption of PEM blocks with the headers `Proc-Type: 4,ENCRYPTED` and `DEK-Info`.
//!
//! OpenSSL wrote them before PKCS#8 and still does with `-traditional`. They are read and never written:
//! the key is derived by one round of MD5.

use aes::{Aes128, Aes192, Aes256};
use anaplan_core::pem::{self, Kind, Object};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt as _, KeyInit, KeyIvInit as _};
use des::{Des, TdesEde3};
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::key::Locked;

/// The first bytes of the initialization vector are the salt.
const SALT: usize = 8;
const LONGEST_KEY: usize = 32;

/// Decrypts a legacy block and returns the DER of the key.
pub(super) fn decrypt(
    object: &Object,
    content: &[u8],
    password: &str,
) -> Result<Zeroizing<Vec<u8>>, Locked> {
    let encryption = object.legacy_encryption().ok_or(Locked::Damaged)?;
    let iv = &encryption.iv[..];
    let decrypt = match &*encryption.cipher {
        "AES-128-CBC" => cbc_decrypt::<Aes128>,
        "AES-192-CBC" => cbc_decrypt::<Aes192>,
        "AES-256-CBC" => cbc_decrypt::<Aes256>,
        "DES-EDE3-CBC" => cbc_decrypt::<TdesEde3>,
        "DES-CBC" => cbc_decrypt::<Des>,
        "" => return Err(Locked::Damaged),
        other => return Err(Locked::UnsupportedCipher(other.to_owned())),
    };
    let plain = decrypt(content, iv, password)?;
    // A wrong password is caught by the padding in 255 of 256 cases only.
    let document = pem::read(&plain);
    let is_key = |object: &Object| {
        object.damage().is_none()
            && matches!(
                object.kind(),
                Kind::Pkcs1Key | Kind::Pkcs8Key | Kind::EcKey | Kind::DsaKey
            )
    };
    if document.objects.iter().any(is_key) {
        Ok(plain)
    } else {
        Err(Locked::WrongPassword)
    }
}

fn cbc_decrypt<C: BlockCipherDecrypt + KeyInit>(
    content: &[u8],
    iv: &[u8],
    password: &str,
) -> Result<Zeroizing<Vec<u8>>, Locked> {
    let salt = iv.get(..SALT).ok_or(Locked::Damaged)?;
    let key = derive_key(password, salt);
    let decryptor = cbc::Decryptor::<C>::new_from_slices(&key[..C::key_size()], iv)
        .map_err(|_| Locked::Damaged)?;
    let mut buffer = Zeroizing::new(content.to_vec());
    let length = decryptor
        .decrypt_padded::<Pkcs7>(&mut buffer)
        .map_err(|_| Locked::WrongPassword)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

/// `EVP_BytesToKey` with MD5 and one iteration.
fn derive_key(password: &str, salt: &[u8]) -> Zeroizing<[u8; LONGEST_KEY]> {
    let mut key = Zeroizing::new([0; LONGEST_KEY]);
    for at in (0..LONGEST_KEY).step_by(16) {
        let mut digest = Md5::new();
        digest.update(&key[at.saturating_sub(16)..at]);
        digest.update(password.as_bytes());
        digest.update(salt);
        key[at..at + 16].copy_from_slice(&digest.finalize());
    }
    key
}
