//! Factors out common prefixes of alternatives, as Go does: `abc|abd|aef` becomes `a(?:b[cd]|ef)`.
//!
//! There are three rounds. The first factors alternatives that start with the same literal, the
//! second those that start with the same set (or a fixed repeat of one). The third joins neighbours
//! that are one character to one set. The rests after a prefix are alternatives again, and are
//! factored before the work goes on. A list of frames replaces recursion, since the depth depends
//! on the pattern.

use super::builder::Builder;
use super::error::ErrorKind;
use super::tree::{FOLD, Flags, Id, NONE, Op};

/// A list of alternatives that is being factored.
struct Frame {
    /// The node that gets the alternatives.
    owner: Id,
    subs: Vec<Id>,
    out: Vec<Id>,
    round: Round,
    /// The next alternative, and the first one of the run of alternatives that start alike.
    at: usize,
    start: usize,
    /// The start that the alternatives of the run share: characters (`chars[lead]`), or a set.
    lead: (u32, u32, Flags),
    first: Id,
    /// The prefix whose rest is factored in the next frame.
    prefix: Id,
}

#[derive(PartialEq)]
enum Round {
    Literals,
    Sets,
}

enum Step {
    /// These must become one node before the work goes on.
    Rest(Vec<Id>),
    Done,
}

impl Builder {
    /// Makes one node of two or more alternatives.
    pub(crate) fn factored(&mut self, parts: Vec<Id>) -> Result<Id, ErrorKind> {
        let mut frames = vec![self.frame(parts)];
        let mut rest = None;
        loop {
            let Some(frame) = frames.last_mut() else { return Ok(rest.unwrap_or(NONE)) };
            if let Some(rest) = rest.take() {
                let whole = self.make(Op::Concat, 0, NONE, NONE);
                self.set_parts(whole, &[frame.prefix, rest]);
                frame.out.push(whole);
            }
            match self.advance(frame)? {
                Step::Rest(parts) => {
                    let frame = self.frame(parts);
                    frames.push(frame);
                }
                Step::Done => {
                    rest = frames.pop().map(|frame| self.finish_alternatives(frame));
                }
            }
        }
    }

    /// Starts a list of alternatives. Alternatives among them are flattened.
    fn frame(&mut self, parts: Vec<Id>) -> Frame {
        let owner = self.make(Op::Alternate, 0, NONE, NONE);
        let mut subs = Vec::with_capacity(parts.len());
        for part in parts {
            if self.node(part).op == Op::Alternate {
                subs.extend(self.parts(part));
                self.give_back(part);
            } else {
                subs.push(part);
            }
        }
        let out = Vec::new();
        Frame {
            owner,
            subs,
            out,
            round: Round::Literals,
            at: 0,
            start: 0,
            lead: (0, 0, 0),
            first: NONE,
            prefix: NONE,
        }
    }

    /// Continues until a rest must be made one node, or both rounds are done.
    fn advance(&mut self, frame: &mut Frame) -> Result<Step, ErrorKind> {
        loop {
            while frame.at <= frame.subs.len() {
                let step = match frame.round {
                    Round::Literals => self.literals(frame)?,
                    Round::Sets => self.sets(frame)?,
                };
                if let Some(rest) = step {
                    return Ok(Step::Rest(rest));
                }
            }
            frame.subs = std::mem::take(&mut frame.out);
            (frame.at, frame.start) = (0, 0);
            match frame.round {
                Round::Literals => frame.round = Round::Sets,
                Round::Sets => return Ok(Step::Done),
            }
        }
    }

    /// Does round one for the next alternative: extends the run of alternatives that start with the
    /// same characters, or ends it and returns its rests.
    fn literals(&mut self, frame: &mut Frame) -> Result<Option<Vec<Id>>, ErrorKind> {
        let mut lead = (0, 0, 0);
        if let Some(&sub) = frame.subs.get(frame.at) {
            lead = self.leading_literal(sub);
            if lead.2 == frame.lead.2 {
                let same = self.common(frame.lead, lead);
                if same > 0 {
                    frame.lead.1 = same;
                    frame.at += 1;
                    return Ok(None);
                }
            }
        }
        let (start, length, flags) = frame.lead;
        let run = frame.start..frame.at;
        frame.lead = lead;
        frame.start = frame.at;
        frame.at += 1;
        let run = frame.subs.get(run).unwrap_or(&[]);
        if run.len() < 2 {
            frame.out.extend(run);
            return Ok(None);
        }
        // The prefix takes over the characters from the first one of the run.
        frame.prefix = self.make(Op::Literal, flags, start, length);
        let mut rest = Vec::with_capacity(run.len());
        for &sub in run {
            let sub = self.without_literal(sub, length);
            self.check_rest(sub)?;
            rest.push(sub);
        }
        Ok(Some(rest))
    }

    /// Returns the characters at the start of a node, and whether they are folded.
    fn leading_literal(&self, id: Id) -> (u32, u32, Flags) {
        let mut node = self.node(id);
        if node.op == Op::Concat && node.a != NONE {
            node = self.node(node.a);
        }
        if node.op == Op::Literal { (node.a, node.b, node.flags & FOLD) } else { (0, 0, 0) }
    }

    fn common(&self, one: (u32, u32, Flags), two: (u32, u32, Flags)) -> u32 {
        let chars = |(start, length, _): (u32, u32, Flags)| {
            self.tree.chars.iter().skip(start as usize).take(length as usize)
        };
        chars(one).zip(chars(two)).take_while(|(one, two)| one == two).count() as u32
    }

    /// Removes the first `length` characters.
    fn without_literal(&mut self, id: Id, length: u32) -> Id {
        let node = *self.node(id);
        let literal = if node.op == Op::Concat { node.a } else { id };
        if literal == NONE || self.node(literal).op != Op::Literal {
            return id;
        }
        let part = self.node_mut(literal);
        part.a += length;
        part.b -= length.min(part.b);
        if part.b == 0 {
            part.op = Op::Empty;
        }
        if node.op != Op::Concat {
            return literal;
        }
        if self.node(literal).op == Op::Empty {
            self.give_back(literal);
            return self.without_first(id);
        }
        self.changed(id);
        id
    }

    /// Removes the first part of a sequence. If one part is left, it replaces the sequence.
    fn without_first(&mut self, id: Id) -> Id {
        let node = *self.node(id);
        let second = self.node(node.a).next;
        if second != node.b {
            self.node_mut(id).a = second;
            self.changed(id);
            return id;
        }
        self.give_back(id);
        second
    }

    /// Does round two for the next alternative: extends the run of alternatives that start with the
    /// same set, or ends it and returns its rests.
    fn sets(&mut self, frame: &mut Frame) -> Result<Option<Vec<Id>>, ErrorKind> {
        let mut first = NONE;
        if let Some(&sub) = frame.subs.get(frame.at) {
            first = self.leading_part(sub);
            if frame.first != NONE && first != NONE && self.same_head(frame.first, first) {
                frame.at += 1;
                return Ok(None);
            }
        }
        let prefix = std::mem::replace(&mut frame.first, first);
        let run = frame.start..frame.at;
        frame.start = frame.at;
        frame.at += 1;
        let run = frame.subs.get(run).unwrap_or(&[]);
        if run.len() < 2 {
            frame.out.extend(run);
            return Ok(None);
        }
        frame.prefix = prefix;
        let mut rest = Vec::with_capacity(run.len());
        for (place, &sub) in run.iter().enumerate() {
            let sub = self.without_set(sub, place > 0);
            self.check_rest(sub)?;
            rest.push(sub);
        }
        Ok(Some(rest))
    }

    /// Returns the first part of a node.
    fn leading_part(&self, id: Id) -> Id {
        let node = self.node(id);
        let part = if node.op == Op::Concat { node.a } else { id };
        if part == NONE || self.node(part).op == Op::Empty { NONE } else { part }
    }

    fn without_set(&mut self, id: Id, give_back: bool) -> Id {
        let node = *self.node(id);
        if node.op == Op::Concat {
            if give_back {
                self.give_back(node.a);
            }
            return self.without_first(id);
        }
        if give_back {
            self.give_back(id);
        }
        self.make(Op::Empty, 0, 0, 0)
    }

    /// Does the last round: joins neighbours, and makes the node.
    fn finish_alternatives(&mut self, frame: Frame) -> Id {
        let Frame { owner, mut subs, .. } = frame;
        let mut out: Vec<Id> = Vec::with_capacity(subs.len());
        let mut start = 0;
        for at in 0..=subs.len() {
            let sub = subs.get(at).copied();
            if sub.is_some_and(|sub| self.is_character(sub)) {
                continue;
            }
            if let Some(run) = subs.get_mut(start..at) {
                out.extend(self.joined(run));
            }
            if let Some(sub) = sub {
                // A second empty alternative after an empty one adds nothing.
                out.push(sub);
            }
            start = at + 1;
        }
        out.dedup_by(|two, one| (self.node(*two).op, self.node(*one).op) == (Op::Empty, Op::Empty));
        if let &[one] = out.as_slice() {
            self.give_back(owner);
            return one;
        }
        self.set_parts(owner, &out);
        owner
    }

    /// Joins a run of sets to one set: the most complex set takes in the other sets.
    fn joined(&mut self, run: &mut [Id]) -> Option<Id> {
        if run.len() < 2 {
            return run.first().copied();
        }
        let mut most = 0;
        for at in 1..run.len() {
            let (one, two) = (*self.node(run[most]), *self.node(run[at]));
            if one.op < two.op
                || one.op == two.op && self.code_points(run[most]) < self.code_points(run[at])
            {
                most = at;
            }
        }
        run.swap(0, most);
        let (&mut into, others) = run.split_first_mut()?;
        for &mut other in others {
            self.merge(into, other);
            self.give_back(other);
        }
        self.clean(into);
        Some(into)
    }

    fn code_points(&mut self, id: Id) -> usize {
        match self.node(id).op {
            Op::Literal => 1,
            Op::Class => 2 * self.span_count(id),
            _ => 0,
        }
    }
}
