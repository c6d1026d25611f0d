//! Small programs against the demo world, for examples and tests.

use crate::fake::FakeAnaplan;

/// Builds a runtime whose time is paused, for tests that need one of their own.
///
/// # Errors
///
/// Those of tokio's builder.
pub fn paused_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
}

/// Runs a story against a fresh demo world: no socket, no waiting, a new world each time.
///
/// Time is paused, so that an hour of polling takes no time at all.
///
/// ```
/// # use anaplan_core::{Endpoint, Method, Path, Response, Result, RetryClass};
/// # struct Me;
/// # impl Endpoint for Me {
/// #     const NAME: &'static str = "users.me";
/// #     const METHOD: Method = Method::GET;
/// #     const RETRY: RetryClass = RetryClass::ReadOnly;
/// #     type Output = serde_json::Value;
/// #     fn path(&self) -> Path { Path::integration().lit("users").lit("me") }
/// #     fn decode(&self, response: Response) -> Result<Self::Output> { response.field("user") }
/// # }
/// anaplan_testkit::story(async |fake| {
///     let user = fake.session()?.call(Me).await?;
///     assert_eq!(user["email"], fake.admin().user);
///     Ok(())
/// });
/// ```
///
/// # Panics
///
/// When the story ends with an error.
#[allow(clippy::panic)]
pub fn story<F>(tell: F)
where
    F: AsyncFnOnce(FakeAnaplan) -> Result<(), Box<dyn std::error::Error>>,
{
    let outcome = match paused_runtime() {
        Ok(runtime) => runtime.block_on(async { tell(FakeAnaplan::in_process()).await }),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = outcome {
        panic!("the story ended badly: {error:?}");
    }
}
