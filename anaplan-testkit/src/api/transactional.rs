//! Lists, modules, views, cells, dimensions, calendar.

use anaplan_core::ModelId;

use crate::api::envelope::Failure;
use crate::api::{Call, Reply};

pub(crate) fn route(_call: &mut Call<'_>, _model: &ModelId, _rest: &[&str]) -> Reply {
    Err(Failure::NotFound)
}
