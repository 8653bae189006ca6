import { Verify } from "@/accounts/verify";
import { PageTitle } from "@/bell/page-title";

export default function VerifyPage() {
  return (
    <>
      <PageTitle>Confirm your address</PageTitle>
      <Verify />
    </>
  );
}
