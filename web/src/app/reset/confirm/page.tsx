import { ConfirmReset } from "@/accounts/reset";
import { PageTitle } from "@/bell/page-title";

export default function ConfirmResetPage() {
  return (
    <>
      <PageTitle>Choose a new password</PageTitle>
      <ConfirmReset />
    </>
  );
}
