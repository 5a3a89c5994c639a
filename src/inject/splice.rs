//! Splicing hooks into a config; every other byte of it stays as it is (docs/spec.md, section 6).

use std::ops::Range;

use super::plan::Plan;
use crate::container::{Config, End, Hooks, StageEntries};
use crate::hook::Stage;
use crate::loaded_hook::LoadedHook;

impl Plan<'_> {
    /// The config with the hooks added.
    pub fn splice(&self, config: &Config<'_>) -> String {
        let mut edits = Edits::default();
        if self.any {
            match &config.hooks {
                Hooks::Absent => edits.add(config.end, self.members("\"hooks\":{", "}", |_| true)),
                Hooks::Null(range) => edits.put(range.clone(), self.members("{", "}", |_| true)),
                Hooks::Object { end, stages } => self.splice_stages(&mut edits, *end, stages),
            }
        }
        edits.apply(config.text)
    }

    fn splice_stages(
        &self,
        edits: &mut Edits,
        end: End,
        stages: &[StageEntries; Stage::ALL.len()],
    ) {
        for (hooks, entries) in
            self.stages.iter().zip(stages).filter(|(hooks, _)| !hooks.is_empty())
        {
            match entries {
                StageEntries::Absent => {}
                StageEntries::Null(range) => edits.put(range.clone(), elements("[", hooks, "]")),
                StageEntries::Array { end, .. } => edits.add(*end, elements("", hooks, "")),
            }
        }
        let absent = |index: usize| matches!(stages.get(index), Some(StageEntries::Absent));
        let members = self.members("", "", absent);
        if !members.is_empty() {
            edits.add(end, members);
        }
    }

    /// The members of `hooks` for those stages that have hooks and are wanted, between two texts.
    fn members(&self, before: &str, after: &str, wanted: impl Fn(usize) -> bool) -> String {
        let of_stage =
            |(stage, hooks): (Stage, &Vec<&LoadedHook>)| stage.as_str().len() + 6 + length(hooks);
        let size: usize = Stage::ALL.into_iter().zip(&self.stages).map(of_stage).sum();
        let mut members = String::with_capacity(before.len() + size + after.len());
        members.push_str(before);
        let mut comma = "";
        for (index, (stage, hooks)) in Stage::ALL.iter().zip(&self.stages).enumerate() {
            if !hooks.is_empty() && wanted(index) {
                for part in [comma, "\"", stage.as_str(), "\":["] {
                    members.push_str(part);
                }
                push_elements(&mut members, hooks);
                members.push(']');
                comma = ",";
            }
        }
        members.push_str(after);
        members
    }
}

/// Hooks as the elements of an array, between two texts.
fn elements(before: &str, hooks: &[&LoadedHook], after: &str) -> String {
    let mut elements = String::with_capacity(before.len() + length(hooks) + after.len());
    elements.push_str(before);
    push_elements(&mut elements, hooks);
    elements.push_str(after);
    elements
}

fn push_elements(out: &mut String, hooks: &[&LoadedHook]) {
    for (index, hook) in hooks.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&hook.injected().entry);
    }
}

/// How long elements are, each with a comma.
fn length(hooks: &[&LoadedHook]) -> usize {
    hooks.iter().map(|hook| hook.injected().entry.len() + 1).sum()
}

/// Changes to a text.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Puts a text in the place of another one. The edits are kept in order; there are few.
    fn put(&mut self, range: Range<usize>, text: String) {
        let at = self.0.partition_point(|(earlier, _)| earlier.start <= range.start);
        self.0.insert(at, (range, text));
    }

    /// Adds members to an object, or elements to an array.
    fn add(&mut self, end: End, text: String) {
        let place = end.offset..end.offset;
        if !end.empty {
            self.put(place.clone(), ",".to_owned());
        }
        self.put(place, text);
    }

    fn apply(self, text: &str) -> String {
        let added: usize = self.0.iter().map(|(_, new)| new.len()).sum();
        let mut out = String::with_capacity(text.len() + added);
        let mut done = 0;
        for (range, new) in &self.0 {
            out.push_str(text.get(done..range.start).unwrap_or_default());
            out.push_str(new);
            done = range.end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }
}

/// The hooks of a plan that the config holds already, entry for entry. It takes time in proportion
/// to both, but for the logarithm of the number of hooks.
pub(crate) fn already_there<'p>(
    config: &Config<'_>,
    plan: &Plan<'p>,
) -> Vec<(Stage, &'p LoadedHook)> {
    let Hooks::Object { stages, .. } = &config.hooks else { return Vec::new() };
    let mut found = Vec::new();
    for ((stage, hooks), entries) in Stage::ALL.into_iter().zip(&plan.stages).zip(stages) {
        let StageEntries::Array { entries, .. } = entries else { continue };
        let wanted =
            hooks.iter().map(|hook| normalised(&hook.injected().entry).unwrap_or_default());
        let wanted: Vec<String> = wanted.collect();
        let entries =
            entries.iter().filter_map(|range| config.text.get(range.clone()).and_then(normalised));
        let are_there = hooks.iter().zip(are_among(&wanted, entries));
        found.extend(are_there.filter(|(_, is_there)| *is_there).map(|(hook, _)| (stage, *hook)));
    }
    found
}

/// Which of these are among the others.
fn are_among<T: Ord>(wanted: &[T], others: impl Iterator<Item = T>) -> Vec<bool> {
    let mut sorted: Vec<&T> = wanted.iter().collect();
    sorted.sort();
    let mut is_there = vec![false; sorted.len()];
    // (Of equal ones the first.)
    let first = |text: &T| sorted.partition_point(|known| *known < text);
    for other in others {
        let first = first(&other);
        if let (Some(known), Some(is_there)) = (sorted.get(first), is_there.get_mut(first)) {
            *is_there |= **known == other;
        }
    }
    wanted.iter().map(|text| is_there.get(first(text)) == Some(&true)).collect()
}

/// An entry as all equal ones are written: in the order of its keys, without white space.
fn normalised(entry: &str) -> Option<String> {
    Some(serde_json::from_str::<serde_json::Value>(entry).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::cmp::Ordering;

    use super::*;

    /// A number that counts how often it is compared.
    struct Counted<'a>(usize, &'a Cell<usize>);

    impl Ord for Counted<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            self.1.set(self.1.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Counted<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }

    impl Eq for Counted<'_> {}

    #[test]
    fn equal_entries_are_found_with_few_comparisons() {
        for count in [64_usize, 1024, 16_384] {
            let compared = Cell::new(0);
            // Each number once, in another order; each second one is among the others.
            let number = |index: usize| Counted(index * 37 % count, &compared);
            let wanted: Vec<Counted<'_>> = (0..count).map(number).collect();
            let others = (0..count).rev().map(|index| Counted(index * 2, &compared));
            let found = are_among(&wanted, others);
            for (wanted, found) in wanted.iter().zip(found) {
                assert_eq!(found, wanted.0 % 2 == 0, "{}", wanted.0);
            }
            // To sort them, and to search for each of both.
            let most = 4 * count * (count.ilog2() as usize + 1);
            assert!(compared.get() <= most, "{} comparisons of {count}", compared.get());
        }
    }
}
