//! What may be shown of counts and times about people, written down once more as plain loops.

/// A cut, as the twin sees it.
#[derive(Clone)]
pub(super) struct Slices {
    pub(super) least: u64,
    pub(super) shown: Vec<u64>,
    pub(super) hidden: Vec<bool>,
}

/// Times of a step: what is told of them.
#[derive(Clone)]
pub(super) struct Times {
    pub(super) median: String,
    pub(super) ninetieth: String,
    pub(super) covered: bool,
}

impl Slices {
    pub(super) fn new(counts: &[u64], least: u64) -> Self {
        let mut it = Self { least, shown: counts.to_vec(), hidden: vec![false; counts.len()] };
        it.cover(&vec![true; counts.len()]);
        it
    }

    pub(super) fn step(&mut self, counts: &[u64], least: u64) {
        self.least = self.least.max(least);
        let anything = (0..self.shown.len()).any(|part| !self.hidden[part] && self.shown[part] > 0);
        if !anything && !self.is_safe() {
            *self = Self::new(counts, self.least);
            return;
        }
        let was_hidden = self.hidden.clone();
        let (mut pool_was, mut pool_is) = (0, 0);
        for (part, count) in counts.iter().enumerate() {
            if self.hidden[part] {
                pool_was += self.shown[part];
                pool_is += count;
            }
        }
        let opens = !self.is_safe() || pool_was.abs_diff(pool_is) >= self.least;
        for (part, count) in counts.iter().copied().enumerate() {
            if self.hidden[part] {
                if opens {
                    self.shown[part] = count;
                    self.hidden[part] = false;
                }
            } else if self.shown[part].abs_diff(count) >= self.least && (count == 0 || count >= self.least) {
                self.shown[part] = count;
            } else if count > 0 && count < self.least && self.shown[part] > 2 * self.least - 2 {
                self.shown[part] = 0;
            }
        }
        self.cover(&was_hidden);
    }

    pub(super) fn pool(&self) -> (u64, u64) {
        let (mut parts, mut sum) = (0, 0);
        for part in 0..self.shown.len() {
            if self.hidden[part] {
                parts += 1;
                sum += self.shown[part];
            }
        }
        (parts, sum)
    }

    pub(super) fn is_safe(&self) -> bool {
        let (parts, sum) = self.pool();
        parts == 0 || (parts > 1 && sum >= 2 * self.least)
    }

    pub(super) fn cover(&mut self, rather: &[bool]) {
        for part in 0..self.shown.len() {
            if self.shown[part] > 0 && self.shown[part] < self.least {
                self.hidden[part] = true;
            }
        }
        while !self.is_safe() {
            let mut next: Option<usize> = None;
            for (part, rather) in rather.iter().enumerate() {
                if *rather && !self.hidden[part] && self.shown[part] > 0 {
                    next = Some(part);
                }
            }
            match next {
                Some(part) => self.hidden[part] = true,
                None => return,
            }
        }
    }

    pub(super) fn sum(&self, parts: &[usize]) -> Option<u64> {
        let (hidden, _) = self.pool();
        let among = parts.iter().filter(|part| self.hidden[**part]).count() as u64;
        if among > 0 && (among < hidden || !self.is_safe()) {
            return None;
        }
        Some(parts.iter().map(|part| self.shown[*part]).sum())
    }

    /// What is printed of it: what is not hidden, and all together.
    pub(super) fn printed(&self) -> (Vec<(usize, u64)>, Option<u64>) {
        let open = |part: &usize| !self.hidden[*part];
        let parts = (0..self.shown.len()).filter(open).map(|part| (part, self.shown[part]));
        (parts.collect(), self.total())
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.sum(&(0..self.shown.len()).collect::<Vec<_>>())
    }
}

impl Times {
    pub(super) fn of(took: &[u64], least: u64, covered: bool) -> Self {
        let rank = |of_100: usize, at_least: u64| {
            if (took.len() as u64) < at_least {
                return "[c]".to_owned();
            }
            // The first of which at least so many of 100 are not above.
            let found = took.iter().find(|days| {
                let not_above = took.iter().filter(|other| other <= days).count();
                100 * not_above >= of_100 * took.len()
            });
            match found {
                Some(days) if *days < u64::MAX => days.to_string(),
                _ => "[x]".to_owned(),
            }
        };
        Self { median: rank(50, least), ninetieth: rank(90, 2 * least), covered }
    }
}
