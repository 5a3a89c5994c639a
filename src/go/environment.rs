//! The environment of a process, as Go's os/exec passes it on.

/// Returns the environment that Go's os/exec passes on. If several entries have the same name, only
/// the last one stays, at its own position. Empty entries are dropped, entries without `=` are not.
pub(crate) fn environment(env: &[String]) -> Vec<String> {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for (index, entry) in env.iter().enumerate() {
        // A name may start with "=" (on Windows it does): Go searches for "=" after the first
        // character.
        let equals = entry.char_indices().skip(1).find(|&(_, c)| c == '=').map(|(at, _)| at);
        let end = equals.or_else(|| entry.starts_with('=').then_some(0));
        names.extend(end.and_then(|end| entry.get(..end)).map(|name| (name, index)));
    }
    names.sort_unstable();
    let mut counts: Vec<bool> = env.iter().map(|entry| !entry.is_empty()).collect();
    for (earlier, later) in names.iter().zip(names.iter().skip(1)) {
        if let Some(counts) = counts.get_mut(earlier.1).filter(|_| earlier.0 == later.0) {
            *counts = false;
        }
    }
    env.iter().zip(counts).filter(|(_, counts)| *counts).map(|(entry, _)| entry.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_of_a_name_stays() {
        for (env, want) in [
            (&["a=1", "b=2", "a=3"][..], &["b=2", "a=3"][..]),
            (&["", "a", "a", "b=", ""], &["a", "a", "b="]),
            (&["=a=1", "=a=2", "=b", "=c"], &["=a=2", "=c"]),
            (&["A=1", "a=1"], &["A=1", "a=1"]),
        ] {
            let env: Vec<String> = env.iter().copied().map(str::to_owned).collect();
            assert_eq!(environment(&env), want);
        }
    }
}
