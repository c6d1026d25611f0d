//! Instructions for failures that a person has to resolve.

/// Returns the instructions for a failure, by the kind of the error and by the server's words. `None` if a
/// repetition can help.
pub(crate) fn instructions(kind: &str, text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().all(|word| text.contains(word));
    let instructions = if says(&["space"]) || says(&["size limit"]) {
        "free space in the workspace of the target, or enlarge it, then resume the run"
    } else if says(&["structural change"]) || says(&["structural changes"]) {
        "revert the structural changes in the target to its latest revision, then make a new plan"
    } else if says(&["exception user"]) || says(&["certificate"]) {
        "sign in as an exception user in both workspaces, or without a certificate: a certificate cannot be \
         used for ALM if the user is a non-exception user"
    } else if matches!(kind, "Forbidden" | "Unauthorized") {
        "assign the role of a workspace administrator in the workspaces of source and target to the user, \
         then resume the run"
    } else if says(&["archived"]) {
        "restore the model from the archive, then make a new plan"
    } else if says(&["locked"]) {
        "unlock the model, then make a new plan"
    } else {
        return None;
    };
    Some(instructions.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_need_a_person_have_instructions() {
        let cases = [
            (
                "TaskFailed",
                "The target workspace has not enough space left.",
                "free space",
            ),
            (
                "TaskFailed",
                "The target model has structural changes since",
                "revert",
            ),
            (
                "Rejected",
                "The user is not an exception user",
                "certificate",
            ),
            ("Forbidden", "missing role", "administrator"),
            ("ModelState", "Model is Archived", "archive"),
            ("Conflict", "the state is LOCKED", "unlock"),
        ];
        for (kind, text, expected) in cases {
            let found = instructions(kind, text).unwrap();
            assert!(found.contains(expected), "{kind}: {found}");
        }
        assert_eq!(instructions("Server", "internal error"), None);
    }
}
