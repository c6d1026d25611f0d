//! Identity and sign-out.

use anaplan_auth::WhoAmI;
use anaplan_core::Result;

use crate::actions::ActionContext;
use crate::attempt::Ended;
use crate::checker::rules;

impl ActionContext<'_> {
    pub(super) async fn who_am_i(&self) -> Result<()> {
        let call = self.env.session(self.user).call(WhoAmI);
        if let Ended::Returned(answer) = self.env.attempt(self.number, self.step, call).await {
            if answer.email.as_deref() != Some(self.env.demo.admin.user.as_str()) {
                self.violation(rules::READS, format!("another user: {answer:?}"));
            }
        }
        Ok(())
    }

    pub(super) async fn sign_out(&self) {
        let call = self.env.session(self.user).sign_out();
        let _ = self.env.attempt(self.number, self.step, call).await;
    }
}
