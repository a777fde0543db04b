//! The text of a file with the findings about it: byte offsets go in, lines and columns come out.

use std::cell::RefCell;

use super::fault::{Fault, FaultKind, Position, Warning};

/// The text being read, and what was found in it so far.
pub(super) struct Source<'t> {
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
    warnings: RefCell<Vec<Warning>>,
}

/// Where a value stands and what it is called.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The offset of its first byte; `None` for a default, which stands nowhere.
    pub(super) at: Option<usize>,
    /// The path of the key.
    pub(super) path: String,
}

/// A value that was read, with its place for what is said about it later.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            faults: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    pub(super) fn fault(
        &self,
        place: &Place,
        kind: FaultKind,
        what: impl Into<String>,
        hint: Option<String>,
    ) {
        let fault = Fault {
            position: place.at.map(|at| self.position(at)),
            key: (!place.path.is_empty()).then(|| place.path.clone()),
            kind,
            what: what.into(),
            hint,
        };
        // A value of `[defaults]` is read once for every instance, and is one fault all the same.
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    pub(super) fn warning(&self, place: &Place, what: impl Into<String>) {
        let warning = Warning {
            position: place.at.map(|at| self.position(at)),
            key: (!place.path.is_empty()).then(|| place.path.clone()),
            what: what.into(),
        };
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// The line and column of a byte. An offset within a character means that character.
    pub(super) fn position(&self, at: usize) -> Position {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[start..].trim_start_matches('\u{feff}').chars().count() + 1,
        }
    }

    /// The findings, both lists in the order of the file.
    pub(super) fn into_findings(self) -> (Vec<Fault>, Vec<Warning>) {
        let (mut faults, mut warnings) = (self.faults.into_inner(), self.warnings.into_inner());
        faults.sort_by_key(|fault| fault.position);
        warnings.sort_by_key(|warning| warning.position);
        (faults, warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let source = Source::new("\u{feff}a = 1\nß = \"ä\" x");
        for (needle, line, column) in [("a =", 1, 1), ("1", 1, 5), ("ß", 2, 1), ("x", 2, 9)] {
            let at = source.text.find(needle).expect("the text holds it");
            assert_eq!(source.position(at), Position { line, column }, "{needle}");
        }
        assert_eq!(source.position(9999), Position { line: 2, column: 10 });
    }
}
