import { RequestReset } from "@/accounts/reset";
import { PageTitle } from "@/bell/page-title";

export default function ResetPage() {
  return (
    <>
      <PageTitle>Reset your password</PageTitle>
      <RequestReset />
    </>
  );
}
