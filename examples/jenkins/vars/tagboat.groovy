// A shared-library step for the job that builds an image: it proposes the image after `docker push`.
//
//   tagboat(repository: 'https://github.com/acme/manifests', image: "registry.acme.internal/api:${env.BUILD_TAG}")
//
// `credentials` names a secret text with the token of the forge. Values reach the shell as environment variables only.
def call(Map options) {
  if (!options.repository) {
    error 'tagboat: `repository` is required: the URL of the manifests repository'
  }
  List variables = ["TAGBOAT_REPOSITORY=${options.repository}", "IMAGE=${options.image ?: ''}"]
  withCredentials([string(credentialsId: options.credentials ?: 'tagboat-token', variable: 'TAGBOAT_FORGE_TOKEN')]) {
    withEnv(variables) {
      sh 'tagboat run ${IMAGE:+--image "$IMAGE"} --junit image-updates.xml'
    }
  }
  junit testResults: 'image-updates.xml', skipPublishingChecks: true
}
