//! Lookup by name.

use crate::calls::paged_call::PagedCall;
use crate::calls::pending::Pending;
use crate::data::error::{Error, ErrorKind, Result};
use crate::operation::paging::Paged;

/// Maximum number of similar names in an error.
const NEAR_MISSES: usize = 5;

/// Object that has a name, for [`PagedCall::find_by_name`].
pub trait Named {
    /// Noun for messages: `import`, `workspace`, ...
    const NOUN: &'static str;

    /// Returns the name.
    fn name(&self) -> &str;

    /// Returns the id.
    fn id(&self) -> &str;
}

impl<E: Paged> PagedCall<E>
where
    E::Item: Named,
{
    /// Reads the whole collection and returns its only element with this name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] with similar names, [`ErrorKind::Conflict`] with the ids if several elements
    /// have the name, and those of the call.
    pub fn find_by_name(self, name: impl Into<String>) -> Pending<E::Item> {
        let name = name.into();
        Pending::new(async move { pick(self.await?, &name).map_err(|error| error.during(E::NAME)) })
    }
}

fn pick<T: Named>(mut all: Vec<T>, name: &str) -> Result<T> {
    let matches: Vec<usize> = (0..all.len())
        .filter(|index| all[*index].name() == name)
        .collect();
    match *matches {
        [index] => Ok(all.swap_remove(index)),
        [] => Err(missing(T::NOUN, name, all.iter().map(Named::name))),
        _ => {
            let ids: Vec<_> = matches.iter().map(|index| all[*index].id()).collect();
            Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "{} {}s are called '{name}': use one of the ids {}",
                    ids.len(),
                    T::NOUN,
                    ids.join(", ")
                ),
            ))
        }
    }
}

fn missing<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let near = near_misses(name, names);
    let hint = if near.is_empty() {
        String::new()
    } else {
        let quoted: Vec<_> = near.iter().map(|name| format!("'{name}'")).collect();
        format!("; similar: {}", quoted.join(", "))
    };
    Error::new(
        ErrorKind::NotFound,
        format!("there is no {what} called '{name}' that the user can see{hint}"),
    )
}

/// Returns the names that are similar to `name`, the most similar first.
fn near_misses<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|candidate| Some((name_distance(name, candidate)?, candidate)))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(NEAR_MISSES);
    near.into_iter().map(|(_, name)| name).collect()
}

/// Returns the number of characters in which two names differ, in any case, if they are similar: if one
/// contains the other, or if at most a third of the wanted name differs.
#[must_use]
pub fn name_distance(wanted: &str, candidate: &str) -> Option<usize> {
    let plain = |text: &str| text.trim().to_lowercase();
    let (wanted, other) = (plain(wanted), plain(candidate));
    if wanted.is_empty() {
        return None;
    }
    let tolerance = (wanted.chars().count() / 3).max(1);
    let distance = distance(&wanted, &other);
    let related = !other.is_empty() && (other.contains(&wanted) || wanted.contains(&other));
    (distance <= tolerance || related).then_some(distance)
}

/// Returns the number of characters that must be added, removed or replaced to turn one string into the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (done, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = done + 1;
        for (index, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(row[index] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Thing(&'static str, &'static str);

    impl Named for Thing {
        const NOUN: &'static str = "import";

        fn name(&self) -> &str {
            self.1
        }

        fn id(&self) -> &str {
            self.0
        }
    }

    fn things() -> Vec<Thing> {
        vec![
            Thing("1", "Load staff"),
            Thing("2", "Load stock"),
            Thing("3", "Sales"),
            Thing("4", "Twice"),
            Thing("5", "Twice"),
        ]
    }

    #[test]
    fn find_by_name_accepts_only_the_exact_name() {
        assert_eq!(pick(things(), "Sales").ok().unwrap().0, "3");
        let error = pick(things(), "load staff ").err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error.to_string().contains("'Load staff', 'Load stock'"),
            "{error}"
        );
        let error = pick(things(), "Payroll").err().unwrap();
        assert!(!error.to_string().contains("similar"), "{error}");
    }

    #[test]
    fn find_by_name_lists_the_ids_of_an_ambiguous_name() {
        let error = pick(things(), "Twice").err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("ids 4, 5"), "{error}");
    }

    proptest! {
        #[test]
        fn distance_is_a_metric(a in "\\PC{0,8}", b in "\\PC{0,8}", c in "\\PC{0,8}") {
            prop_assert_eq!(distance(&a, &a), 0);
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
        }
    }
}
