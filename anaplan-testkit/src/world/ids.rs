//! Ids in the forms that Anaplan returns them, the same in every run.

/// Makes ids. A world that is built in the same steps has the same ids.
#[derive(Debug, Clone)]
pub(crate) struct IdSource {
    dice: fastrand::Rng,
    objects: u64,
    items: u64,
}

impl IdSource {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: fastrand::Rng::with_seed(seed),
            objects: 0,
            items: 0,
        }
    }

    /// Users, workspaces: 32 digits in lower case.
    pub(crate) fn lower_hex(&mut self) -> String {
        format!("8a{:030x}", self.dice.u128(..) >> 8)
    }

    /// Models, revisions, tasks: 32 digits in upper case.
    pub(crate) fn upper_hex(&mut self) -> String {
        format!("{:032X}", self.dice.u128(..))
    }

    /// Tokens: an UUID in lower case.
    pub(crate) fn uuid(&mut self) -> String {
        let bits = format!("{:032x}", self.dice.u128(..));
        [
            &bits[..8],
            &bits[8..12],
            &bits[12..16],
            &bits[16..20],
            &bits[20..],
        ]
        .join("-")
    }

    /// Objects of a model: 12 digits, the first three of which tell the kind.
    pub(crate) fn object(&mut self, prefix: u64) -> u64 {
        self.objects += 1;
        prefix * 1_000_000_000 + self.objects
    }

    /// List items and line items share a range.
    pub(crate) fn item(&mut self) -> u64 {
        self.items += 1;
        200_000_000_000 + self.items
    }

    pub(crate) fn line_item(&mut self) -> u64 {
        self.items += 1;
        206_000_000_000 + self.items
    }

    /// Returns random letters of this set.
    pub(crate) fn letters(&mut self, count: usize, of: &[u8]) -> String {
        (0..count)
            .filter_map(|_| self.dice.choice(of).copied().map(char::from))
            .collect()
    }

    /// The index that a numbered list's next item gets is the list's own; this is for opaque text.
    pub(crate) fn secret(&mut self) -> String {
        let (a, b) = (self.dice.u128(..), self.dice.u128(..));
        format!("{a:032x}.{b:032x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_forms_of_the_real_ones_and_repeat_with_the_seed() {
        let (mut a, mut b) = (IdSource::new(1), IdSource::new(1));
        assert_eq!(a.upper_hex(), b.upper_hex());
        let lower = a.lower_hex();
        assert!(
            lower.len() == 32
                && lower
                    .bytes()
                    .all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
        );
        assert_eq!(a.uuid().len(), 36);
        assert_eq!(a.object(101).to_string().len(), 12);
    }
}
