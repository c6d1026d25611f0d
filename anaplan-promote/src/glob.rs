//! Patterns with `*` for any characters and `?` for one. Other characters match themselves.

/// Returns `true` if the whole text matches. Needs time proportional to the product of the lengths.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read) = (0, 0);
    // Position after the last star, and the text that it covers up to now.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                at += 1;
                star = Some((at, read));
            }
            Some(&wanted) if wanted == '?' || wanted == text[read] => {
                at += 1;
                read += 1;
            }
            _ => match &mut star {
                Some((after, covered)) => {
                    *covered += 1;
                    (at, read) = (*after, *covered);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Returns `true` if one of the patterns matches.
pub(crate) fn any_matches(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::matches;

    #[test]
    fn stars_and_question_marks_match_and_other_characters_are_literal() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abd", false),
            ("a?c", "ac", false),
            ("*b*b*", "abcb", true),
            (
                "listItems: Products (3 deleted)",
                "listItems: Products (3 deleted)",
                true,
            ),
            (
                "listItems: Products (3 deleted)",
                "listItems: Products (4 deleted)",
                false,
            ),
            ("[a]", "a", false),
            ("R*.1", "Rx1", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn result_equals_the_recursive_definition(pattern in "[ab*?]{0,7}", text in "[ab]{0,7}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match pattern.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|skip| slow(rest, &text[skip..])),
                    Some((wanted, rest)) => text.split_first().is_some_and(|(first, text)| {
                        (*wanted == b'?' || wanted == first) && slow(rest, text)
                    }),
                }
            }
            prop_assert_eq!(matches(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
