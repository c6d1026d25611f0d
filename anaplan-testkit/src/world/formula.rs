//! Formulas, as far as the fake calculates: numbers, names, `+ - * /`, parentheses.

/// A formula that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Formula {
    Number(f64),
    Name(String),
    Negative(Box<Formula>),
    Binary(Box<Formula>, char, Box<Formula>),
}

impl Formula {
    /// Reads a formula; `None` for one that is beyond the fake.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { rest: text.trim() };
        let formula = parser.sum(0)?;
        parser.rest.is_empty().then_some(formula)
    }

    /// Calculates it; `value` returns what a name stands for. Dividing by zero returns an infinity.
    pub(crate) fn evaluate(&self, value: &mut dyn FnMut(&str) -> f64) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Name(name) => value(name),
            Self::Negative(inner) => -inner.evaluate(value),
            Self::Binary(left, operator, right) => {
                let (left, right) = (left.evaluate(value), right.evaluate(value));
                match operator {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                }
            }
        }
    }
}

/// The largest depth of parentheses.
const DEPTH: usize = 64;

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn sum(&mut self, depth: usize) -> Option<Formula> {
        let mut left = self.product(depth)?;
        while let Some(operator) = self.take(&['+', '-']) {
            let right = self.product(depth)?;
            left = Formula::Binary(Box::new(left), operator, Box::new(right));
        }
        Some(left)
    }

    fn product(&mut self, depth: usize) -> Option<Formula> {
        let mut left = self.term(depth)?;
        while let Some(operator) = self.take(&['*', '/']) {
            let right = self.term(depth)?;
            left = Formula::Binary(Box::new(left), operator, Box::new(right));
        }
        Some(left)
    }

    fn term(&mut self, depth: usize) -> Option<Formula> {
        if depth > DEPTH {
            return None;
        }
        if self.take(&['-']).is_some() {
            return Some(Formula::Negative(Box::new(self.term(depth + 1)?)));
        }
        if self.take(&['(']).is_some() {
            let inner = self.sum(depth + 1)?;
            self.take(&[')'])?;
            return Some(inner);
        }
        if let Some(quoted) = self.rest.strip_prefix('\'') {
            let (name, rest) = quoted.split_once('\'')?;
            self.rest = rest.trim_start();
            return Some(Formula::Name(name.to_owned()));
        }
        let end = self.rest.find(|c| "+-*/()'".contains(c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let word = word.trim();
        match word.parse::<f64>() {
            _ if word.is_empty() => None,
            Ok(number) if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                Some(Formula::Number(number))
            }
            // A function call, a comparison, a text: beyond the fake.
            _ if rest.starts_with('(') || word.starts_with(|c: char| c.is_ascii_digit()) => None,
            _ if word.contains(['<', '>', '=', '"', '&', ',', '[']) => None,
            _ => Some(Formula::Name(word.to_owned())),
        }
    }

    fn take(&mut self, wanted: &[char]) -> Option<char> {
        let found = self.rest.chars().next().filter(|c| wanted.contains(c))?;
        self.rest = self.rest[found.len_utf8()..].trim_start();
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        Some(Formula::parse(text)?.evaluate(&mut |name| match name {
            "Volume" => 6.0,
            "Unit Price" => 1.5,
            _ => 0.0,
        }))
    }

    #[test]
    fn arithmetic_follows_the_usual_order() {
        assert_eq!(value("1 + 2 * 3"), Some(7.0));
        assert_eq!(value("(1 + 2) * 3 - -1"), Some(10.0));
        assert_eq!(value("12 / 3 / 2"), Some(2.0));
        assert_eq!(value("Volume * 'Unit Price'"), Some(9.0));
        assert_eq!(value("Volume*Unit Price - .5"), Some(8.5));
    }

    #[test]
    fn what_is_beyond_the_fake_is_not_guessed() {
        let deep = "(".repeat(10_000);
        for text in [
            "",
            "1 +",
            "(1",
            "SUM(Volume)",
            "Volume > 3",
            "1 2",
            "'a",
            &deep,
        ] {
            assert_eq!(Formula::parse(text), None, "{text}");
        }
    }
}
