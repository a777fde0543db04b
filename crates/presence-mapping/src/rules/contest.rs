use crate::{
    pattern::{Fit, IdleFit, Pattern},
    presence::KnownReading,
    rules::List,
};

/// A pattern with what it wants.
#[derive(Clone, Debug)]
pub(crate) struct Rule<O> {
    pub(crate) pattern: Pattern,
    pub(crate) list: List,
    pub(crate) outcome: O,
}

/// The rules of one field, in the order of the table.
///
/// `dnd` and `leave` make one contest, `chat` another: a pattern of one field never touches the other.
#[derive(Clone, Debug)]
pub(crate) struct Contest<O> {
    pub(crate) rules: Vec<Rule<O>>,
}

impl<O> Contest<O> {
    /// The rule that wins for a presence; `None` where no pattern fits.
    pub(crate) fn winner(&self, reading: KnownReading<'_>) -> Option<&Rule<O>> {
        self.winning_position(reading)
            .map(|position| &self.rules[position])
    }

    /// Where in the table the winner stands.
    ///
    /// Allocates nothing: tables are short, and two walks over one cost less than building anything.
    pub(crate) fn winning_position(&self, reading: KnownReading<'_>) -> Option<usize> {
        let idle_named = self.names_idle(reading);
        self.fitting(reading)
            .filter(|(_, fit)| !(idle_named && fit.idle == IdleFit::ThroughBase))
            .min_by_key(|(_, fit)| fit.rank())
            .map(|(position, _)| position)
    }

    /// The position of every rule that fits, with how it does, in the order of the table.
    pub(crate) fn fitting(&self, reading: KnownReading<'_>) -> impl Iterator<Item = (usize, Fit)> {
        let fits = move |(position, rule): (usize, &Rule<O>)| Some((position, rule.pattern.fit(&reading)?));
        self.rules.iter().enumerate().filter_map(fits)
    }

    /// A pattern that fits names the idle variant, so patterns that name its base stand back.
    pub(crate) fn names_idle(&self, reading: KnownReading<'_>) -> bool {
        reading.idle && self.fitting(reading).any(|(_, fit)| fit.idle == IdleFit::Named)
    }
}
