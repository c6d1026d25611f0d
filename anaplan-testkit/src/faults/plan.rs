//! The injected faults and which request each of them applies to.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Fault, Injected};
use crate::http::Request;

/// The injected faults that have not been used up.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    faults: Vec<Fault>,
    seed: u64,
    /// The number of times each request was received. Every request has its own random numbers, so that they do not
    /// depend on other requests at the same time.
    received: HashMap<u64, u64>,
}

impl FaultPlan {
    pub(crate) fn new() -> Self {
        Self {
            faults: Vec::new(),
            seed: 0,
            received: HashMap::new(),
        }
    }

    pub(crate) fn seed(&mut self, seed: u64) {
        self.seed = seed;
        self.received.clear();
    }

    fn rng(&mut self, request: &Request) -> fastrand::Rng {
        let mut line = DefaultHasher::new();
        request.method().as_str().hash(&mut line);
        request.path().hash(&mut line);
        let line = line.finish();
        let times = self.received.entry(line).or_default();
        *times += 1;
        let mut throw = DefaultHasher::new();
        (self.seed, line, *times).hash(&mut throw);
        fastrand::Rng::with_seed(throw.finish())
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    /// Returns the fault for this request: the first one whose route, skip count and chance select it.
    pub(crate) fn draw(&mut self, request: &Request) -> Option<Injected> {
        if self.faults.is_empty() {
            return None;
        }
        let mut rng = self.rng(request);
        let index = self.faults.iter_mut().position(|fault| {
            if !fault.route.fits(request.method(), request.path()) || fault.times == Some(0) {
                return false;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return false;
            }
            if fault.chance < 1.0 && rng.f64() >= fault.chance {
                return false;
            }
            if let Some(left) = &mut fault.times {
                *left -= 1;
            }
            true
        })?;
        let fault = &self.faults[index];
        let injected = Injected {
            kind: fault.kind.clone(),
            other_user: fault.other_user.clone(),
        };
        self.faults.retain(|fault| fault.times != Some(0));
        Some(injected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn get(path: &str) -> Request {
        Request::new(http::Request::get(path).body(Bytes::new()).unwrap())
    }

    #[test]
    fn fault_applies_as_often_as_configured() {
        let mut plan = FaultPlan::new();
        plan.add(Fault::drop_before().on("/a").after(1).times(2));
        let drawn: Vec<bool> = (0..5).map(|_| plan.draw(&get("/a")).is_some()).collect();
        assert_eq!(drawn, [false, true, true, false, false]);
        assert!(plan.draw(&get("/b")).is_none());
    }

    #[test]
    fn same_seed_selects_the_same_requests() {
        let run = |seed| {
            let mut plan = FaultPlan::new();
            plan.seed(seed);
            plan.add(Fault::status(503).chance(0.3));
            (0..64)
                .map(|_| plan.draw(&get("/a")).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).contains(&true) && run(7).contains(&false));
    }

    #[test]
    fn selection_of_one_request_does_not_depend_on_others() {
        let run = |between: usize| {
            let mut plan = FaultPlan::new();
            plan.seed(7);
            plan.add(Fault::status(503).chance(0.3));
            (0..64)
                .map(|_| {
                    (0..between).for_each(|_| drop(plan.draw(&get("/b"))));
                    plan.draw(&get("/a")).is_some()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(run(0), run(3));
    }
}
