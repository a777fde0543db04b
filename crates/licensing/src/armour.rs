//! Keys in PEM form.
//!
//! <https://www.rfc-editor.org/rfc/rfc7468>

use pem::{EncodeConfig, LineEnding, Pem};

use crate::error::KeyError;

/// What every block begins with.
const BEGIN: &[u8] = b"-----BEGIN";

/// A block as `openssl` writes it: with the line ends of Unix.
pub(crate) fn armoured(tag: &str, contents: impl Into<Vec<u8>>) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(tag, contents), config)
}

/// All blocks of a file: at least one.
pub(crate) fn blocks(contents: &[u8]) -> Result<Vec<Pem>, KeyError> {
    let blocks = pem::parse_many(contents).map_err(|_| KeyError::Pem)?;
    // The parser passes over a block that was cut off; then a key would be missing without a word.
    let begun = contents
        .windows(BEGIN.len())
        .filter(|bytes| *bytes == BEGIN)
        .count();
    if begun == 0 || blocks.len() != begun {
        return Err(KeyError::Pem);
    }
    Ok(blocks)
}
