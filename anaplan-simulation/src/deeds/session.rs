//! Who is signed in, and signing out.

use anaplan_auth::WhoAmI;
use anaplan_core::Result;

use crate::attempt::Came;
use crate::deeds::Act;

impl Act<'_> {
    pub(super) async fn who_am_i(&self) -> Result<()> {
        let call = self.stage.session(self.user).call(WhoAmI);
        if let Came::To(answer) = self.stage.attempt(self.number, self.step, call).await {
            if answer.user_id.as_deref() != Some(self.stage.demo.admin.user.as_str()) {
                self.blame("reads are true", format!("another user: {answer:?}"));
            }
        }
        Ok(())
    }

    pub(super) async fn sign_out(&self) {
        let call = self.stage.session(self.user).sign_out();
        let _ = self.stage.attempt(self.number, self.step, call).await;
    }
}
