//! Lookup by name.

use anaplan_core::{Error, ErrorKind, Paged, PagedCall, Pending, Result};

/// Maximum number of similar names in an error.
const NEAR_MISSES: usize = 5;

/// Object with a name.
pub(crate) trait Named {
    /// Noun for messages.
    const WHAT: &'static str;

    fn name(&self) -> &str;
    fn id(&self) -> &str;
}

/// Returns the only object with a name. The error lists similar or ambiguous names.
pub(crate) fn find<E>(
    list: PagedCall<E>,
    operation: &'static str,
    name: impl Into<String>,
) -> Pending<E::Item>
where
    E: Paged,
    E::Item: Named,
{
    let name = name.into();
    Pending::new(async move { pick(list.await?, &name).map_err(|error| error.during(operation)) })
}

fn pick<T: Named>(mut all: Vec<T>, name: &str) -> Result<T> {
    let matches: Vec<usize> = (0..all.len())
        .filter(|index| all[*index].name() == name)
        .collect();
    match *matches {
        [index] => Ok(all.swap_remove(index)),
        [] => Err(missing(T::WHAT, name, all.iter().map(Named::name))),
        _ => {
            let ids: Vec<_> = matches.iter().map(|index| all[*index].id()).collect();
            Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "{} {}s are called '{name}': use one of the ids {}",
                    ids.len(),
                    T::WHAT,
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

/// The names that `name` may have meant, the most similar first.
fn near_misses<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let plain = |text: &str| text.trim().to_lowercase();
    let wanted = plain(name);
    if wanted.is_empty() {
        return Vec::new();
    }
    let tolerance = (wanted.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|candidate| {
            let other = plain(candidate);
            let distance = distance(&wanted, &other);
            let related = !other.is_empty() && (other.contains(&wanted) || wanted.contains(&other));
            (distance <= tolerance || related).then_some((distance, candidate))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(NEAR_MISSES);
    near.into_iter().map(|(_, name)| name).collect()
}

/// Number of characters must be added, removed or replaced to make one text the other.
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
        const WHAT: &'static str = "import";

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
    fn the_exact_name_is_found_and_nothing_else() {
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
    fn a_name_of_two_things_is_refused_with_their_ids() {
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
